"""A stand-in for X: a stateful server on loopback that behaves like API v2 as far as smbot can tell.

    python -m sandbox.x --port 8085

It checks the OAuth 1.0a signature of every request, and every request against the published parameters
(https://api.x.com/2/openapi.json, version 2.168): what does not fit them is answered as X does, and kept in
`complaints`. How long X remembers words it calls duplicates, and whether it lets an account answer itself, is not
published: here it is a day, and `World.threads`. Its secrets are published: it must never leave loopback.
"""

from __future__ import annotations

import argparse
import re
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

from jsonschema import Draft7Validator
from oauthlib.oauth1.rfc5849.signature import collect_parameters, verify_hmac_sha1
from twitter_text import extract_urls_with_indices, parse_tweet

from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json, form

API_KEY, API_SECRET = "key-of-the-app", "secret-of-the-app"
REMEMBERS = timedelta(days=1)  # for which the same words are a duplicate
KEPT = timedelta(days=1)  # for which an uploaded picture may be used
WINDOW = timedelta(minutes=15)
IMAGES, ALT, BYTES = ("image/jpeg", "image/png", "image/webp", "image/gif"), 1000, 5 * 1024 * 1024
READ_ONLY = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
PROBLEM = "https://api.twitter.com/2/problems/"


@dataclass(frozen=True)
class Account:
    """A voice, with the token and the secret that open it."""

    id: str
    username: str
    access: str = "read-write"

    @property
    def token(self) -> str:
        return f"{self.id}-token-of-{self.username}"

    @property
    def secret(self) -> str:
        return f"secret-of-{self.username}"


ACCOUNTS = (Account("1001", "wikitech"), Account("1002", "mediawiki"))


class World:
    """Everything behind the API. `credits` are the mills that are left, None for without end."""

    def __init__(self, accounts: tuple[Account, ...], clock: Callable[[], datetime]) -> None:
        self.accounts, self.clock = accounts, clock
        self.lock = threading.RLock()
        self.stored: dict[str, Json] = {}
        self.media: dict[str, Json] = {}
        self.credits: int | None = None
        self.threads = True
        self.last = 0

    # --- what happened, for tests ---

    def posts(self, username: str) -> list[Json]:
        """An account's own posts as they were sent, oldest first."""
        own = [post for post in self.stored.values() if post["username"] == username and not post["of"]]
        return sorted(own, key=lambda post: int(post["id"]))

    def reposts(self, username: str) -> list[str]:
        """The ids of what an account has reposted."""
        return [post["of"] for post in self.stored.values() if post["username"] == username and post["of"]]

    def say(self, username: str, words: str, **more: Any) -> str:
        """Post as a person would in the app, which neither counts nor compares; the id of the post."""
        return self.store(self.account(username), words, **more)

    def account(self, username: str) -> Account:
        return next(account for account in self.accounts if account.username == username)

    # --- rules ---

    def new_id(self) -> str:
        """A snowflake, so that ids sort by time: https://docs.x.com/fundamentals/x-ids."""
        self.last = max(self.last + 1, (int(self.clock().timestamp() * 1000) - 1_288_834_974_657) << 22)
        return str(self.last)

    def pay(self, mills: int) -> None:
        if self.credits is None:
            return
        if self.credits < mills:
            detail = "Your enrolled account [1] does not have any credits to fulfill this request."
            raise ApiError(402, detail, title="CreditsDepleted", type=f"{PROBLEM}credits")
        self.credits -= mills

    def create(self, account: Account, body: Json) -> Json:
        """https://docs.x.com/x-api/posts/create-post"""
        words, media = str(body.get("text", "")).strip(), list(body.get("media", {}).get("media_ids", ()))
        parent = body.get("reply", {}).get("in_reply_to_tweet_id", "")
        if not words and not media:
            raise invalid("text", words, "You must provide text or media.")
        if parse_tweet(words).weightedLength > 280:
            raise invalid("text", words, "Your Tweet text is too long.")
        self.usable(account, media)
        if parent:
            self.may_reply(account, parent)
        if any(
            post["text"] == words and self.clock() - post["at"] < REMEMBERS for post in self.posts(account.username)
        ):
            raise ApiError(403, "You are not allowed to create a Tweet with duplicate content.")
        self.pay(200 if extract_urls_with_indices(words) else 15)
        name = self.store(account, words, media=media, parent=parent)
        return {"edit_history_tweet_ids": [name], "id": name, "text": self.show(name)["text"]}

    def usable(self, account: Account, media: list[str]) -> None:
        for name in media:
            found = self.media.get(name)
            if not found or found["user"] != account.id or found["used"] or self.clock() - found["at"] >= KEPT:
                raise invalid("media.media_ids", name, "Your media IDs are invalid.")

    def may_reply(self, account: Account, parent: str) -> None:
        """https://docs.x.com/changelog, 2026-02-23"""
        if parent not in self.stored:
            raise ApiError(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        post = self.stored[parent]
        own = post["username"] == account.username and self.threads
        if not own and not re.search(rf"@{account.username}\b", post["text"]):
            raise ApiError(
                403,
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
                "by the author of the post you are replying to.",
            )

    def store(self, account: Account, words: str, **more: Any) -> str:
        name = self.new_id()
        stored = {"id": name, "username": account.username, "text": words, "at": self.clock(), "of": "", "parent": ""}
        self.stored[name] = {**stored, "media": [], "edits": [name], **more}
        for media in self.stored[name]["media"]:
            self.media[media]["used"] = True
        return name

    def edit(self, name: str, words: str) -> str:
        """As with Premium: a new post in the place of the old one."""
        old = self.stored.pop(name)
        new = self.store(self.account(old["username"]), words, media=old["media"], at=old["at"])
        self.stored[new]["edits"] = [*old["edits"], new]
        return new

    def show(self, name: str, *fields: str) -> Json:
        """A post as X keeps it: links shortened, pictures as links at the end, three characters escaped."""
        post = self.stored[name]
        original = self.stored.get(post["of"])
        words = f"RT @{original['username']}: {original['text']}" if original else post["text"]
        urls: list[Json] = []
        for found in extract_urls_with_indices(words):
            plain = found["url"] if "://" in found["url"] else f"http://{found['url']}"
            urls.append({"url": short(plain), "expanded_url": quote(plain, safe="%/:?#[]@!$&'()*+,;=~"), "was": found})
        for url in reversed(urls):
            start, end = url.pop("was")["indices"]
            words = words[:start] + url["url"] + words[end:]
        if post["media"]:
            words = f"{words} {short(name)}".strip()
        for number, media in enumerate(post["media"], 1):
            where = f"https://x.com/{post['username']}/status/{name}/photo/{number}"
            urls.append({"url": short(name), "expanded_url": where, "media_key": f"3_{media}"})
        for url in urls:
            start = words.index(url["url"])
            url |= {"start": start, "end": start + len(url["url"]), "display_url": url["expanded_url"][:25]}
        text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        shown: Json = {"id": name, "text": text, "edit_history_tweet_ids": post["edits"]}
        if "created_at" in fields:
            shown["created_at"] = f"{post['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        if "entities" in fields and urls:
            shown["entities"] = {"urls": urls}
        return shown


def short(of: str) -> str:
    """A short link, the same for the same address."""
    number = 0
    for character in of:
        number = (number * 131 + ord(character)) % 62**10
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "https://t.co/" + "".join(digits[number // 62**place % 62] for place in range(10))


def invalid(parameter: str, value: object, message: str) -> ApiError:
    errors = [{"parameters": {parameter: [str(value)]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return ApiError(400, detail, errors=errors, title="Invalid Request", type=f"{PROBLEM}invalid-request")


def missing(name: str) -> ApiError:
    detail = f"Could not find tweet with id: [{name}]."
    return ApiError(404, detail, title="Not Found Error", type=f"{PROBLEM}resource-not-found")


# --- the server -----------------------------------------------------------------------------------------------------


class X(StandIn):
    """The server; `world` is what it knows. `complaints` are the requests that no client may make."""

    def __init__(
        self,
        port: int = 0,
        accounts: tuple[Account, ...] = ACCOUNTS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(XHandler, port)
        self.world = World(accounts, clock)
        self.complaints: list[str] = []
        self.nonces: set[str] = set()
        self.spent: dict[tuple[str, str], list[datetime]] = {}
        self.limits = {route.name: route.limit for route in ROUTES}

    def count(self, account: Account, route: Route) -> dict[str, str]:
        """One more request: the headers that tell what is left. Raises when it is one too many."""
        now, limit = self.world.clock(), self.limits[route.name]
        spent = [at for at in self.spent.get((account.id, route.name), []) if now - at < WINDOW]
        self.spent[account.id, route.name] = [*spent, now]
        headers = {
            "x-access-level": account.access,
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(0, limit - len(spent) - 1)),
            "x-rate-limit-reset": str(int(((spent or [now])[0] + WINDOW).timestamp())),
        }
        if len(spent) >= limit:
            raise ApiError(429, "Too Many Requests", headers=headers)
        return headers


class XHandler(Handler):
    """One request: who asks, whether it is one of the API's, do it, answer."""

    server: X

    def answer(self) -> Answered:
        headers: dict[str, str] = {}
        try:
            account = self.signed_by()
            route, names = self.routed()
            with self.server.world.lock:
                headers = self.server.count(account, route)
                self.fields = self.checked(route)
                if self.command != "GET" and "write" not in account.access:
                    raise ApiError(403, READ_ONLY, type=f"{PROBLEM}oauth1-permissions")
                status, body = route.action(self, account, *names)
            return as_json(status, body, headers)
        except ApiError as error:
            return as_json(error.status, problem(error), error.more.get("headers", headers))

    def signed_by(self) -> Account:
        """Who signed it: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature."""
        given = {"Authorization": self.headers.get("Authorization", "OAuth ")}
        oauth = dict(collect_parameters(headers=given, exclude_oauth_signature=False))
        token, nonce = oauth.get("oauth_token"), oauth.get("oauth_nonce", "")
        account = next((account for account in self.server.world.accounts if account.token == token), None)
        if not account or oauth.get("oauth_consumer_key") != API_KEY:
            raise ApiError(401, "Unauthorized")
        fields = self.body if "urlencoded" in self.headers.get("Content-Type", "") else b""
        params = collect_parameters(urlsplit(self.path).query, fields.decode() or None, given)
        signed = SimpleNamespace(
            uri=self.server.url + self.route,
            http_method=self.command,
            params=params,
            signature=oauth["oauth_signature"],
        )
        late = abs(int(oauth["oauth_timestamp"]) - datetime.now(UTC).timestamp()) > 300
        if late or nonce in self.server.nonces or not verify_hmac_sha1(signed, API_SECRET, account.secret):
            self.server.complaints.append(f"{self.command} {self.route}: its signature is wrong, late or used")
            raise ApiError(401, "Unauthorized")
        self.server.nonces.add(nonce)
        return account

    def routed(self) -> tuple[Route, tuple[str, ...]]:
        for route in ROUTES:
            found = re.fullmatch(route.path, self.route)
            if found and route.method == self.command:
                return route, found.groups()
        self.server.complaints.append(f"{self.command} {self.route}: no such address")
        raise ApiError(404, "Not Found")

    def checked(self, route: Route) -> Json:
        """The query or body, as the specification has it."""
        kind = self.headers.get("Content-Type", "")
        wrong = []
        if self.command == "GET" or not self.body:
            given: Json = dict(self.query)
        else:
            if kind.split(";")[0] != route.kind:
                wrong.append(f"it is {kind}, not {route.kind}")
            given = form(kind, self.body)
        told = {name: "(file)" if isinstance(value, tuple) else value for name, value in given.items()}
        wrong += [error.message for error in Draft7Validator(route.takes).iter_errors(told)]
        if wrong:
            self.server.complaints.append(f"{self.command} {self.route}: {'; '.join(wrong)}")
            raise invalid("", "", wrong[0])
        return given

    def error(self, status: int) -> Answered:
        detail = {403: "You are not permitted to perform this action."}.get(status, HTTPStatus(status).phrase)
        return as_json(status, problem(ApiError(status, detail)))

    def wait(self) -> Answered:
        reset = str(int((datetime.now(UTC) + timedelta(minutes=2)).timestamp()))
        return as_json(429, problem(ApiError(429, "Too Many Requests")), {"x-rate-limit-reset": reset})

    # --- the routes ---

    def me(self, account: Account) -> tuple[int, Json]:
        self.server.world.pay(10)
        return 200, {"data": {"id": account.id, "name": account.username.title(), "username": account.username}}

    def create(self, account: Account) -> tuple[int, Json]:
        return 201, {"data": self.server.world.create(account, self.fields)}

    def read(self, _: Account, name: str) -> tuple[int, Json]:
        if name in self.server.world.stored:
            return 200, {"data": self.server.world.show(name)}
        problem_found = problem(missing(name)) | {"resource_id": name, "parameter": "id", "value": name}
        return 200, {"errors": [problem_found]}

    def delete(self, account: Account, name: str) -> tuple[int, Json]:
        world = self.server.world
        if name not in world.stored:
            raise missing(name)
        if world.stored[name]["username"] != account.username:
            raise ApiError(403, "You are not authorized to delete this Tweet.")
        world.pay(10)
        del world.stored[name]
        return 200, {"data": {"deleted": True}}

    def upload(self, account: Account) -> tuple[int, Json]:
        media, world = self.fields["media"], self.server.world
        if not isinstance(media, tuple) or media[0] not in IMAGES or len(media[1]) > BYTES:
            raise invalid("media", "(file)", "The media is too large, or no picture.")
        name = world.new_id()
        world.media[name] = {"user": account.id, "mime": media[0], "alt": "", "used": False, "at": world.clock()}
        key = {"id": name, "media_key": f"3_{name}", "expires_after_secs": 86400, "size": len(media[1])}
        return 200, {"data": key}

    def describe(self, account: Account) -> tuple[int, Json]:
        name, metadata = self.fields["id"], self.fields.get("metadata", {})
        found = self.server.world.media.get(name)
        if not found or found["user"] != account.id:
            raise invalid("id", name, "Your media IDs are invalid.")
        found["alt"] = metadata.get("alt_text", {}).get("text", "")
        return 200, {"data": {"id": name, "associated_metadata": metadata}}

    def timeline(self, _: Account, number: str) -> tuple[int, Json]:
        """https://docs.x.com/x-api/posts/timelines/integrate: newest first, 3,200 of them."""
        world, query = self.server.world, self.query
        username = next((account.username for account in world.accounts if account.id == number), "")
        posts = sorted((p for p in world.stored.values() if p["username"] == username), key=lambda p: -int(p["id"]))
        start = datetime.fromisoformat(query.get("start_time", "2010-11-06T00:00:00Z"))
        posts = [
            p for p in posts[:3200] if p["at"] >= start and not ("retweets" in query.get("exclude", "") and p["of"])
        ]
        skip, size = int(query.get("pagination_token", "0")), int(query.get("max_results", "10"))
        shown = [world.show(p["id"], *query.get("tweet.fields", "").split(",")) for p in posts[skip : skip + size]]
        world.pay(len(shown))
        meta: Json = {"result_count": len(shown)}
        if shown:
            meta |= {"newest_id": shown[0]["id"], "oldest_id": shown[-1]["id"]}
        if len(posts) > skip + size:
            meta["next_token"] = str(skip + size)
        return 200, {"data": shown, "meta": meta} if shown else {"meta": meta}

    def repost(self, account: Account, number: str) -> tuple[int, Json]:
        world, name = self.server.world, self.fields["tweet_id"]
        self.own(account, number)
        if name not in world.stored:
            raise missing(name)
        if name in world.reposts(account.username):
            raise invalid("tweet_id", name, "You cannot retweet a Tweet that you have already retweeted.")
        world.pay(15)
        world.store(account, "", of=name)
        return 200, {"data": {"retweeted": True}}

    def unrepost(self, account: Account, number: str, name: str) -> tuple[int, Json]:
        world = self.server.world
        self.own(account, number)
        gone = [p["id"] for p in world.stored.values() if p["username"] == account.username and p["of"] == name]
        world.stored = {key: post for key, post in world.stored.items() if key not in gone}
        return 200, {"data": {"retweeted": False}}

    def own(self, account: Account, number: str) -> None:
        if number != account.id:
            raise invalid("id", number, "The `id` query parameter value does not match the authenticating user.")


def problem(error: ApiError) -> Json:
    """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
    more = {name: value for name, value in error.more.items() if name != "headers"}
    title = HTTPStatus(error.status).phrase
    return {"title": title, "detail": error.message, "type": "about:blank", "status": error.status} | more


# --- what the specification says ------------------------------------------------------------------------------------


def takes(required: str = "", **properties: Any) -> Json:
    named = {name.replace("__", "."): value for name, value in properties.items()}
    return {"type": "object", "properties": named, "required": required.split(), "additionalProperties": False}


ID, WORD, YES = {"type": "string", "pattern": "^[0-9]{1,19}$"}, {"type": "string"}, {"type": "boolean"}
POST_FIELDS = "attachments|author_id|conversation_id|created_at|edit_history_tweet_ids|entities|id|lang|source|text"
FIELDS = {"type": "string", "pattern": f"^({POST_FIELDS})(,({POST_FIELDS}))*$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
POST = takes(
    text=WORD,
    reply=takes("in_reply_to_tweet_id", in_reply_to_tweet_id=ID, exclude_reply_user_ids={"type": "array"}),
    media=takes("media_ids", media_ids={"type": "array", "items": ID, "minItems": 1, "maxItems": 4}),
    reply_settings={"enum": ["following", "mentionedUsers", "subscribers", "verified"]},
    made_with_ai=YES,
    paid_partnership=YES,
)
UPLOAD = takes("media media_category", media=WORD, media_category={"enum": ["tweet_image", "tweet_gif", "dm_image"]})
ALT_TEXT = {"type": "object", "properties": {"text": {"type": "string", "maxLength": ALT}}, "required": ["text"]}
METADATA = takes("id", id=ID, metadata={"type": "object", "properties": {"alt_text": ALT_TEXT}})
TIMELINE = takes(
    max_results={"type": "string", "pattern": "^([5-9]|[1-9][0-9]|100)$"},
    pagination_token={"type": "string", "minLength": 1},
    start_time=TIME,
    end_time=TIME,
    since_id=ID,
    until_id=ID,
    exclude={"type": "string", "pattern": "^(replies|retweets)(,(replies|retweets))?$"},
    tweet__fields=FIELDS,
)


@dataclass(frozen=True)
class Route:
    """One call of the API: what it takes, and how often within 15 minutes."""

    name: str
    method: str
    path: str
    action: Callable[..., tuple[int, Mapping[str, Any]]]
    limit: int
    takes: Json = field(default_factory=takes)
    kind: str = "application/json"


NUMBER = "([0-9]{1,19})"
ROUTES = (
    Route("me", "GET", "/2/users/me", XHandler.me, 75),
    Route("create", "POST", "/2/tweets", XHandler.create, 100, POST),
    Route("read", "GET", f"/2/tweets/{NUMBER}", XHandler.read, 900, takes(tweet__fields=FIELDS)),
    Route("delete", "DELETE", f"/2/tweets/{NUMBER}", XHandler.delete, 50),
    Route("upload", "POST", "/2/media/upload", XHandler.upload, 500, UPLOAD, "multipart/form-data"),
    Route("describe", "POST", "/2/media/metadata", XHandler.describe, 500, METADATA),
    Route("timeline", "GET", f"/2/users/{NUMBER}/tweets", XHandler.timeline, 900, TIMELINE),
    Route("repost", "POST", f"/2/users/{NUMBER}/retweets", XHandler.repost, 50, takes("tweet_id", tweet_id=ID)),
    Route("unrepost", "DELETE", f"/2/users/{NUMBER}/retweets/{NUMBER}", XHandler.unrepost, 50),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for X on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8085)
    server = X(parser.parse_args().port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"X's stand-in listens at {server.url}")
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
