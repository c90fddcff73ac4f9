"""A stand-in for Facebook: a stateful server on loopback that behaves like the Graph API as far as smbot can tell.

    python -m sandbox.facebook --port 8087

It checks every request against the parameters that Meta publishes (the machine-readable descriptions of its SDKs,
https://github.com/facebook/facebook-business-sdk-codegen, and https://developers.facebook.com/docs/graph-api): what
does not fit them is answered with error 100 and kept in `complaints`, where Facebook itself would often say nothing.
How long it takes the same words for a duplicate, and whether it takes links to its own pages, is not published: here
it is the last post that counts, for an hour, and `World.takes_own_links`. Its tokens are published: it must never leave
loopback.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft7Validator

from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json, form

VERSION = "v26.0"
APP, APP_TOKEN = "7001", "7001|secret-of-the-app"
CHARACTERS, PICTURES, BYTES, ALT = 63_206, 10, 4 * 1024 * 1024, 1000
REMEMBERS = timedelta(hours=1)  # for which the words of the last post are a duplicate
DAY = timedelta(days=1)
POSTING, READING = "pages_manage_posts", "pages_read_engagement"


@dataclass
class Page:
    """A Page, and the token that opens it: until `ends` (0 for ever), and for reading of people until `data_ends`.

    The token may be asked about itself only where whoever made it `has_role` in the app.
    """

    id: str
    name: str
    scopes: tuple[str, ...] = (POSTING, READING, "pages_show_list")
    ends: int = 0
    data_ends: int = 0
    kind: str = "PAGE"
    revoked: bool = False
    has_role: bool = True

    @property
    def token(self) -> str:
        return f"token-of-{self.name}"


def pages() -> tuple[Page, ...]:
    return Page("100100", "wikitech"), Page("100200", "mediawiki")


class World:
    """Everything behind the API. Posts younger than `lag` are not listed yet."""

    def __init__(self, known: tuple[Page, ...], clock: Callable[[], datetime]) -> None:
        self.pages, self.clock = known, clock
        self.lock = threading.RLock()
        self.stored: dict[str, Json] = {}
        self.photos: dict[str, Json] = {}
        self.lag = timedelta(0)
        self.takes_own_links = True
        self.last = 0

    # --- what happened, for tests ---

    def posts(self, name: str) -> list[Json]:
        """What is on a Page, oldest first."""
        own = [post for post in self.stored.values() if post["page"] == self.page(name).id]
        return sorted(own, key=lambda post: (post["at"], post["number"]))

    def say(self, name: str, words: str, at: datetime | None = None) -> str:
        """Post as a person would on the Page, where nothing is compared; the id of the post."""
        return self.store(self.page(name), words, at=at or self.clock(), by_app=False)

    def page(self, name: str) -> Page:
        return next(page for page in self.pages if name in (page.name, page.id))

    # --- rules ---

    def number(self) -> int:
        self.last += 1
        return 122_000_000_000 + self.last

    def feed(self, page: Page, fields: Json) -> Json:
        """https://developers.facebook.com/docs/graph-api/reference/page/feed/#publish"""
        words, link = fields.get("message", "").strip(), fields.get("link", "")
        media = [one["media_fbid"] for one in fields.get("attached_media", ())]
        if not (words or link or media):
            raise invalid("You must post something.", 1349125)
        if len(words.encode("utf-16-le")) // 2 > CHARACTERS:
            raise invalid("The message is too long.")
        if link and media:
            raise invalid("A post has a link or pictures.")
        if "facebook.com" in urlsplit(link).netloc and not self.takes_own_links:
            raise invalid("Cannot post Facebook.com links", 1609008)
        self.usable(page, media)
        last = next(reversed(self.posts(page.name)), None)
        same = last and (last["message"], last["link"]) == (words, link) and self.clock() - last["at"] < REMEMBERS
        if same:
            raise ApiError(
                400, "Duplicate status message", code=506, subcode=1455006, told="It is the same as the last."
            )
        for name in media:
            self.photos[name]["used"] = True
        return {"id": self.store(page, words, link=link, media=media)}

    def usable(self, page: Page, media: list[str]) -> None:
        if len(media) > PICTURES:
            raise invalid(f"A post has at most {PICTURES} pictures.")
        for name in media:
            photo = self.photos.get(name)
            if not photo or photo["page"] != page.id:
                raise invalid(f"There is no photo {name}.")
            if photo["used"]:
                raise invalid("These photos were already posted.", 1366051)

    def store(self, page: Page, words: str, **more: Any) -> str:
        number = self.number()
        name = f"{page.id}_{number}"
        kept = {
            "id": name,
            "number": number,
            "page": page.id,
            "message": words,
            "link": "",
            "media": [],
            "by_app": True,
        }
        self.stored[name] = {**kept, "at": self.clock(), **more}
        return name

    def show(self, post: Json, fields: str) -> Json:
        """What is asked of a post; Facebook leaves out what is empty."""
        known = {
            "id": post["id"],
            "message": post["message"],
            "created_time": f"{post['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000",
            "permalink_url": f"https://www.facebook.com/{post['page']}/posts/{post['number']}",
            "attachments{unshimmed_url}": post["link"] and {"data": [{"unshimmed_url": post["link"]}]},
        }
        return {
            name.partition("{")[0]: known[name] for name in {"id": 1, **dict.fromkeys(fields.split(","))} if known[name]
        }


def invalid(message: str, subcode: int = 0) -> ApiError:
    told = message if subcode else ""
    return ApiError(400, "Invalid parameter" if subcode else f"(#100) {message}", code=100, subcode=subcode, told=told)


def missing(method: str, name: str) -> ApiError:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return ApiError(400, message, code=100, subcode=33, type="GraphMethodException")


# --- the server -----------------------------------------------------------------------------------------------------


class Facebook(StandIn):
    """The server; `world` is what it knows. `complaints` are the requests that no client may make."""

    def __init__(
        self,
        port: int = 0,
        known: tuple[Page, ...] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(FacebookHandler, port)
        self.world = World(known or pages(), clock)
        self.complaints: list[str] = []
        self.calls: dict[str, list[datetime]] = {}
        self.limit = 4800  # calls a day, times the people who engaged with the Page

    def count(self, page: Page) -> dict[str, str]:
        """One more call: the header that tells how much is used. Raises when it is one too many."""
        now = self.world.clock()
        calls = [at for at in self.calls.get(page.id, []) if now - at < DAY]
        self.calls[page.id] = [*calls, now]
        wait = (calls[0] + DAY - now) // timedelta(minutes=1) if calls and len(calls) >= self.limit else 0
        headers = usage(page, 100 * len(calls) // max(1, self.limit), wait)
        if len(calls) >= self.limit:
            raise ApiError(
                400, "(#80001) There have been too many calls to this Page account.", code=80001, headers=headers
            )
        return headers


def usage(page: Page, percent: int, wait: int) -> dict[str, str]:
    """https://developers.facebook.com/docs/graph-api/overview/rate-limiting, in percent; `wait` in minutes."""
    use = {"type": "pages", "call_count": percent, "total_cputime": 1, "total_time": 1}
    return {"X-Business-Use-Case-Usage": json.dumps({page.id: [{**use, "estimated_time_to_regain_access": wait}]})}


class FacebookHandler(Handler):
    """One request: whether it is one of the API's, who asks, do it, answer."""

    server: Facebook

    def answer(self) -> Answered:
        headers: dict[str, str] = {}
        try:
            route, names = self.routed()
            with self.server.world.lock:
                self.fields = self.checked(route)
                page = self.opened(route)
                headers = self.server.count(page)
                body = route.action(self, page, *names)
            return as_json(200, body, headers)
        except ApiError as error:
            return failure(error, error.more.get("headers", headers))

    def routed(self) -> tuple[Route, tuple[str, ...]]:
        for route in ROUTES:
            found = re.fullmatch(f"/{VERSION}/{route.path}", self.route)
            if found and route.method == self.command:
                return route, found.groups()
        self.server.complaints.append(f"{self.command} {self.route}: no such address")
        raise ApiError(404, "Unknown path components", code=2500)

    def checked(self, route: Route) -> Json:
        """The parameters, as Meta describes them. Those of a POST may stand in the body alone: an address is logged."""
        kind, given = self.headers.get("Content-Type", ""), dict(self.query)
        if self.command == "POST":
            given = form(kind, self.body)
        told = {name: "(file)" if isinstance(value, tuple) else value for name, value in given.items()}
        with suppress(ValueError):
            given["attached_media"] = told["attached_media"] = json.loads(told.get("attached_media", "-"))
        wrong = [error.message for error in Draft7Validator(route.takes).iter_errors(told)]
        if self.command == "POST" and (self.query or kind.split(";")[0] != route.kind):
            wrong.append(f"it is {kind}, not {route.kind}, or has a query")
        if wrong:
            self.server.complaints.append(f"{self.command} {self.route}: {'; '.join(wrong)}")
            raise invalid(wrong[0])
        return given

    def opened(self, route: Route) -> Page:
        """The Page whose token it is: https://developers.facebook.com/docs/facebook-login/guides/access-tokens"""
        given, world = self.fields["access_token"], self.server.world
        page = next((page for page in world.pages if page.token == given), None)
        if route.name == "debug" and given == APP_TOKEN:
            return world.pages[0]
        if not page:
            raise ApiError(400, "Invalid OAuth access token - Cannot parse access token", code=190)
        if page.revoked or 0 < page.ends <= world.clock().timestamp():
            raise ApiError(401, "Error validating access token: Session has expired.", code=190, subcode=463)
        lacking = [scope for scope in route.scopes if scope not in page.scopes]
        if lacking:
            raise ApiError(403, f"(#200) Requires the {' and '.join(lacking)} permission.", code=200)
        return page

    def error(self, status: int) -> Answered:
        """What Facebook says with such a status."""
        code, message = {
            401: (190, "Error validating access token: Session has expired."),
            403: (200, "(#200) Permissions error"),
            404: (803, "(#803) Some of the aliases you requested do not exist"),
            422: (100, "(#100) Invalid parameter"),
            429: (4, "(#4) Application request limit reached"),
        }.get(status, (2, "An unexpected error has occurred. Please retry your request later."))
        return failure(ApiError(status, message, code=code))

    def wait(self) -> Answered:
        message = "(#80001) There have been too many calls to this Page account."
        return failure(ApiError(400, message, code=80001), usage(self.server.world.pages[0], 100, 2))

    # --- the routes ---

    def debug(self, by: Page) -> Json:
        """https://developers.facebook.com/docs/graph-api/reference/debug_token/"""
        world, given = self.server.world, self.fields["input_token"]
        page = next((page for page in world.pages if page.token == given), None)
        by_app = self.fields["access_token"] == APP_TOKEN
        if page is None or not (by_app or (page is by and page.has_role)):
            raise invalid("You must provide an app access token, or a user access token of a developer of the app")
        about: Json = {"app_id": APP, "type": page.kind, "application": "smbot", "is_valid": not page.revoked}
        about |= {"expires_at": page.ends, "data_access_expires_at": page.data_ends, "scopes": [*page.scopes]}
        if page.kind == "PAGE":
            about["profile_id"] = page.id
        if page.revoked:
            about["error"] = {"code": 190, "message": "The user has not authorized the app.", "subcode": 458}
        return {"data": about}

    def node(self, page: Page, name: str) -> Json:
        if name not in ("me", page.id):
            raise missing("get", name)
        return {"id": page.id, "name": page.name} if page.kind == "PAGE" else {"id": "5005", "name": "Rita"}

    def photo(self, page: Page, name: str) -> Json:
        """https://developers.facebook.com/docs/graph-api/reference/page/photos/#upload"""
        self.own(page, name)
        source, world = self.fields["source"], self.server.world
        if not isinstance(source, tuple) or source[0] not in ("image/jpeg", "image/png") or len(source[1]) > BYTES:
            raise invalid("Photos should be smaller than 4 MB and saved as JPG, PNG.", 1366046)
        photo = str(world.number())
        world.photos[photo] = {"page": page.id, "alt": self.fields.get("alt_text_custom", ""), "used": False}
        return {"id": photo}

    def feed(self, page: Page, name: str) -> Json:
        self.own(page, name)
        return self.server.world.feed(page, self.fields)

    def published(self, page: Page, name: str) -> Json:
        """https://developers.facebook.com/docs/graph-api/reference/page/published_posts/, newest first"""
        self.own(page, name)
        world, size = self.server.world, int(self.fields.get("limit", "25"))
        posts = [post for post in reversed(world.posts(page.id)) if world.clock() - post["at"] >= world.lag]
        skip = int(self.fields.get("after", "0"))
        shown = posts[skip : skip + size]
        answer: Json = {
            "data": [world.show(post, self.fields.get("fields", "id,message,created_time")) for post in shown]
        }
        if shown:
            answer["paging"] = {"cursors": {"before": str(skip), "after": str(skip + size)}}
        if len(posts) > skip + size:
            where = f"{self.server.url}/{VERSION}/{page.id}/published_posts?access_token={page.token}"
            answer["paging"]["next"] = f"{where}&limit={size}&after={skip + size}"
        return answer

    def update(self, page: Page, name: str) -> Json:
        """https://developers.facebook.com/docs/pages-api/posts#update-a-post"""
        post = self.post(page, name)
        if not post["by_app"]:
            raise ApiError(403, "(#200) Cannot edit a post that another app made.", code=200)
        post["message"] = self.fields["message"].strip()
        return {"success": True}

    def delete(self, page: Page, name: str) -> Json:
        self.post(page, name)
        del self.server.world.stored[name]
        return {"success": True}

    def post(self, page: Page, name: str) -> Json:
        post = self.server.world.stored.get(name)
        if not post or post["page"] != page.id:
            raise missing(self.command, name)
        return post

    def own(self, page: Page, name: str) -> None:
        if page.kind != "PAGE" or name != page.id:
            raise missing(self.command, name)


def failure(error: ApiError, headers: Mapping[str, str] | None = None) -> Answered:
    """https://developers.facebook.com/docs/graph-api/guides/error-handling"""
    more = error.more
    told: Json = {"message": error.message, "type": more.get("type", "OAuthException"), "code": more.get("code", 1)}
    if more.get("subcode"):
        told |= {"error_subcode": more["subcode"], "is_transient": False}
    if more.get("told"):
        told["error_user_msg"] = more["told"]
    if error.status >= 500:
        told["is_transient"] = True
    return as_json(error.status, {"error": {**told, "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW"}}, headers)


# --- what Meta's descriptions say -----------------------------------------------------------------------------------


def takes(required: str = "", **properties: Any) -> Json:
    named = {"access_token": WORD, **properties}
    needed = ["access_token", *required.split()]
    return {"type": "object", "properties": named, "required": needed, "additionalProperties": False}


WORD, NUMBER = {"type": "string", "minLength": 1}, {"type": "string", "pattern": "^[0-9]+$"}
YES = {"enum": ["true", "false"]}
FIELD = r"(id|message|created_time|permalink_url|attachments\{unshimmed_url\})"
FIELDS = {"type": "string", "pattern": f"^{FIELD}(,{FIELD})*$"}
MEDIA = {
    "type": "object",
    "properties": {"media_fbid": NUMBER},
    "required": ["media_fbid"],
    "additionalProperties": False,
}
FEED = takes(
    message=WORD,
    link={"type": "string", "pattern": "^https?://"},
    attached_media={"type": "array", "items": MEDIA, "minItems": 1},
    published=YES,
    scheduled_publish_time=NUMBER,
    fields=FIELDS,
)
PHOTO = takes(
    "source",
    source=WORD,
    published={"enum": ["false"]},  # what is true here is a post of its own
    alt_text_custom={"type": "string", "minLength": 1, "maxLength": ALT},
    temporary=YES,
)
PUBLISHED = takes(
    fields=FIELDS, limit={"type": "string", "pattern": "^([1-9][0-9]?|100)$"}, after=NUMBER, before=NUMBER
)
ABOUT_PAGE = takes(fields={"type": "string", "pattern": "^(id|name|link)(,(id|name|link))*$"})


@dataclass(frozen=True)
class Route:
    """One call of the API: what it takes, and which permissions."""

    name: str
    method: str
    path: str
    action: Callable[..., Mapping[str, Any]]
    takes: Json = field(default_factory=takes)
    scopes: tuple[str, ...] = ()
    kind: str = "application/x-www-form-urlencoded"


NODE, POST = "([0-9]+)", "([0-9]+_[0-9]+)"
ROUTES = (
    Route("debug", "GET", "debug_token", FacebookHandler.debug, takes("input_token", input_token=WORD)),
    Route("node", "GET", f"(me|{NODE[1:-1]})", FacebookHandler.node, ABOUT_PAGE),
    Route("photo", "POST", f"{NODE}/photos", FacebookHandler.photo, PHOTO, (POSTING,), "multipart/form-data"),
    Route("feed", "POST", f"{NODE}/feed", FacebookHandler.feed, FEED, (POSTING, READING)),
    Route("published", "GET", f"{NODE}/published_posts", FacebookHandler.published, PUBLISHED, (READING,)),
    Route("update", "POST", POST, FacebookHandler.update, takes("message", message=WORD), (POSTING,)),
    Route("delete", "DELETE", POST, FacebookHandler.delete, takes(), (POSTING,)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Facebook on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8087)
    server = Facebook(parser.parse_args().port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"Facebook's stand-in listens at {server.url}")
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
