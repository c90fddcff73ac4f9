"""X (formerly Twitter): one account, over API v2 with OAuth 1.0a.

Where the rules come from:

- posting: https://docs.x.com/x-api/posts/create-post and the specification https://api.x.com/2/openapi.json
- pictures: https://docs.x.com/x-api/media/quickstart/best-practices
- reading back: https://docs.x.com/x-api/posts/timelines/integrate (100 a page, the newest 3,200)
- errors: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
- prices: https://docs.x.com/x-api/getting-started/pricing; besides posting, naming the account costs 10 mills once a
  day, and each post that is read back 5 (1 where the account owns the app)
- what is not offered: likes and quotes need an Enterprise plan (https://docs.x.com/changelog, 2026-04-20), and editing
  needs Premium and makes a new post. A post is not taken as an answer to somebody who did not ask for it (2026-02-23);
  whether that stops threads too, X does not say.

X has no idempotency keys. It refuses words that are out already: so where the list of posts lags behind and a post of
ours is not on it yet, sending it again still makes no second one. Whether it refuses the same words beside pictures
that were uploaded anew, X does not say. There the list alone has to tell: what it lacks is sent again only when it is
asked after `deliveries.LEASE`, some minutes, and it lags by seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.channels.wire import LATEST, PAUSE, Answer, Wire, server
from smbot.channels.x_words import as_sent, comparable, mills, weighted_length
from smbot.errors import ChannelError, UsageError
from smbot.messages import say
from smbot.model import Can, Deferred, HandedOff, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

if TYPE_CHECKING:
    from requests import PreparedRequest

API = "https://api.x.com"
SECRETS = ("API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_SECRET")
SKEW = timedelta(minutes=2)
SAME = timedelta(days=3)  # how far back the same words are looked for, when X says that they are out already
PAGE, PAGES = 100, 32  # the newest 3,200 posts are all there is to read
POST_URL = r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/(?:web/)?|\w{1,15}/)status/(\d{1,19})(?![\w-])"

A_POST = "https://x.com/wikipedia/status/1234"
USED = r"media ids? (is|are) invalid"  # gone after a day, or in a post already
# What X says, whether it is about the post itself, and what to do (the message x-remedy-...). A status alone says
# little: 403 is said of many things, and how X says that the credits are used up is not documented (402 was seen).
TROUBLES = (
    (r"^402|^(?!400).*credits", False, "credits"),
    (r"oauth1.permissions|oauth1 app permissions", False, "write"),
    (r"reply to this conversation|(allowed|permitted) to reply", True, "no-threads"),
    (r"deleted or not visible", False, "part-before"),
    (r"authorized to delete", True, "not-ours"),
    (USED, True, "picture-gone"),
    (r"too long|a bit shorter", True, "shorten"),
)
REMEDIES = {401: "keys", 403: "notice", 413: "picture"}
ABOUT_THE_POST = (400, 413, 422)


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - the same for every account without Premium
    """The rules of X for an account without Premium."""
    return Rules(
        network="X",
        characters=280,
        plain_links=True,
        measure=weighted_length,
        images=4,
        alt_characters=1000,
        image_bytes=5_000_000,
        image_types=("image/jpeg", "image/png", "image/webp"),
        can=frozenset({Can.THREAD, Can.RETRACT, Can.REPOST}),
        link_cards=True,
        one_repost=True,
        mills=mills,
    )


def credentials() -> Mapping[str, Credential]:
    """What a channel on X needs."""
    return {
        "API_KEY": Credential(say("x-credential-api-key")),
        "API_SECRET": Credential(say("x-credential-api-secret")),
        "ACCESS_TOKEN": Credential(say("x-credential-access-token")),
        "ACCESS_SECRET": Credential(say("x-credential-access-secret")),
        "URL": Credential(say("network-other-server", API), optional=True),
    }


def connect(secrets: Mapping[str, str]) -> X:
    """The channel these credentials open."""
    return X(*(secrets.get(name, "") for name in SECRETS), url=secrets.get("URL") or API)


class X(Cannot):
    """One account on X. `timeout` (seconds) bounds each wait."""

    NETWORK = "X"

    def __init__(
        self, key: str, secret: str, token: str, token_secret: str, *, url: str = API, timeout: float = 30
    ) -> None:
        self._keys = [given.strip() for given in (key, secret, token, token_secret)]
        for name, given in zip(SECRETS, self._keys, strict=True):
            if not re.fullmatch(r"[!-~]+", given):
                raise UsageError(say("x-bad-key", name))
        self._wire = Wire(server(url, "X"), timeout, self._keys)
        self._me: dict[str, str] = {}

    def limits(self) -> dict[str, Any]:
        """Nothing: X tells none."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Upload the pictures (X keeps them for a day), and name the account, as the answer to a post does not."""
        words = text.warned
        if any("\ud800" <= character <= "\udfff" for character in words):
            return Refused(say("network-half"))
        if unknown := self._unknown():
            return self._not_done(unknown, now)
        names = []
        for picture in media:
            name = self._upload(picture, now)
            if not isinstance(name, str):
                return name
            names.append(name)
        planned = order.planned.astimezone(UTC).isoformat()
        return {"text": words, "media": names, "after": [*order.after], "planned": planned, "user": {**self._me}}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once. Where X refuses what was used before, an earlier try may be out after all: that is looked up."""
        body: dict[str, Any] = {"text": parcel["text"]}
        if parcel["media"]:
            body["media"] = {"media_ids": parcel["media"]}
        if parcel["after"]:
            body["reply"] = {"in_reply_to_tweet_id": parcel["after"][-1]}
        answer = self._ask("POST", "/2/tweets", json=body)
        name = answer.get("data", "id")
        if answer.ok and _is_id(name):
            return _posted(parcel, name)
        if earlier := self._earlier(parcel, answer):
            return earlier
        return self._certain(answer, now) or InDoubt(say("network-not-confirmed", self._said(answer)))

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Compare one's own posts since `since`, newest first, with the parcel's words.

        X may list a post some seconds late; see above what that does, and does not do.
        """
        found = self._same_words(parcel, since)
        return found[0] if found else None

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete a post, or take back a repost."""
        kind, _, name = id_.rpartition(":")
        if not _is_id(name):
            return Refused(say("x-no-id", self._wire.clean(id_)))
        if kind:
            return self._take_back(name, now)
        answer = self._ask("DELETE", f"/2/tweets/{name}")
        if answer.ok and answer.get("data", "deleted") is True:
            return Retracted()
        return Retracted() if answer.code == 404 and self._is_gone(name) else self._not_done(answer, now)

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002 - X knows it by the post
        """Repost a post. Doing it again makes no second one."""
        found = re.match(POST_URL, url.strip())
        if not found:
            return Refused(say("network-no-such-address", self.NETWORK, A_POST))
        if unknown := self._unknown():
            return self._not_done(unknown, now)
        answer = self._ask("POST", f"/2/users/{self._me['id']}/retweets", json={"tweet_id": found[1]})
        if (answer.ok and answer.get("data", "retweeted") is True) or "already retweeted" in _told(answer):
            return Posted(found[0], f"repost:{found[1]}")
        return self._certain(answer, now) or InDoubt(say("network-not-confirmed", self._said(answer)))

    def like(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002
        """Hand it to a person: X lets no program like, unless on an Enterprise plan."""
        found = re.match(POST_URL, url.strip())
        if not found:
            return Refused(say("network-no-such-address", self.NETWORK, A_POST))
        where = f"https://x.com/intent/like?tweet_id={found[1]}"
        return HandedOff(where, say("x-like-how"))

    def check(self) -> str:
        """The account's handle. X says with every answer what the access token may do."""
        answer = self._ask("GET", "/2/users/me")
        if not self._learn(answer):
            raise self._not_asked(answer)
        handle, access = f"@{self._me['name']}", answer.headers.get("x-access-level", "")
        if access and "write" not in access:
            raise ChannelError(f"{say('x-only-reads', handle)} {say('x-remedy-write')}")
        return handle

    # --- what posting takes ---

    def _upload(self, picture: Media, now: datetime) -> str | Refused | Deferred:
        """The id of a picture with its alternative text."""
        files = {"media": ("media", picture.data, picture.mime)}
        answer = self._ask("POST", "/2/media/upload", data={"media_category": "tweet_image"}, files=files)
        name = answer.get("data", "id")
        if not answer.ok or not _is_id(name):
            return self._not_done(answer, now)
        if picture.alt:
            about = {"id": name, "metadata": {"alt_text": {"text": picture.alt}}}
            answer = self._ask("POST", "/2/media/metadata", json=about)
        return str(name) if answer.ok and answer.get("data", "id") else self._not_done(answer, now)

    def _earlier(self, parcel: Parcel, answer: Answer) -> Outcome | None:
        """What is known where X has these words or pictures already; None where it does not say that.

        This request made nothing, but an earlier one of ours may have.
        """
        duplicate = answer.code == 403 and "duplicate" in _told(answer)
        if not duplicate and not (answer.code == 400 and re.search(USED, _told(answer))):
            return None
        planned = datetime.fromisoformat(parcel["planned"])
        try:
            found = self._same_words(parcel, planned - SAME)
        except ChannelError as error:
            return InDoubt(say("network-had-it", self.NETWORK, error))
        if found and found[1] >= planned - SKEW:
            return found[0]
        if not duplicate:
            return None
        if found:
            return Refused(say("x-same-words", found[0].url))
        return InDoubt(say("x-out-unlisted"))

    def _same_words(self, parcel: Parcel, since: datetime) -> tuple[Posted, datetime] | None:
        """The newest own post with the parcel's words, made at or after `since`, and when."""
        wanted, changed = comparable(parcel["text"]), ""
        with _as_promised():
            for post in self._own_since(parcel["user"]["id"], since.astimezone(UTC) - SKEW):
                posted = _posted(parcel, post["id"])
                if post["id"] in parcel["after"]:
                    continue  # an earlier part of its thread, which may say the same
                if comparable(as_sent(post)) == wanted:
                    return posted, datetime.fromisoformat(post["created_at"])
                changed = changed or (posted.url if len(post.get("edit_history_tweet_ids") or ()) > 1 else "")
        if changed:
            raise ChannelError(say("network-changed-since", changed))
        return None

    def _own_since(self, user: str, oldest: datetime) -> Iterator[Any]:
        ask = {
            "max_results": str(PAGE),
            "start_time": f"{oldest:%Y-%m-%dT%H:%M:%SZ}",
            "exclude": "retweets",
            "tweet.fields": "created_at,edit_history_tweet_ids,entities",
        }
        for _ in range(PAGES):
            answer = self._ask("GET", f"/2/users/{user}/tweets", params=ask)
            count = answer.get("meta", "result_count")
            posts = answer.get("data") if count else []
            if not answer.ok or answer.get("errors") or len(posts) != count:
                raise self._not_asked(answer)
            yield from (post for post in posts if datetime.fromisoformat(post["created_at"]) >= oldest)
            ask["pagination_token"] = answer.get("meta", "next_token") or ""
            if not ask["pagination_token"]:
                return
        raise ChannelError(say("network-more-posts", PAGE * PAGES))

    def _take_back(self, name: str, now: datetime) -> Retracted | Refused | Deferred:
        if unknown := self._unknown():
            return self._not_done(unknown, now)
        answer = self._ask("DELETE", f"/2/users/{self._me['id']}/retweets/{name}")
        return Retracted() if answer.ok and answer.get("data", "retweeted") is False else self._not_done(answer, now)

    def _is_gone(self, name: str) -> bool:
        """Whether X says that there is no such post, rather than no such address of the API."""
        answer = self._ask("GET", f"/2/tweets/{name}")
        return answer.get("data") is None and "resource-not-found" in _told(answer)

    # --- asking ---

    def _unknown(self) -> Answer | None:
        """Ask whose account it is, once; the answer, where it does not tell."""
        if self._me:
            return None
        answer = self._ask("GET", "/2/users/me")
        return None if self._learn(answer) else answer

    def _learn(self, answer: Answer) -> bool:
        name, user = answer.get("data", "username"), answer.get("data", "id")
        if answer.ok and _is_id(user) and isinstance(name, str) and re.fullmatch(r"\w{1,20}", name):
            self._me = {"id": user, "name": name}
            return True
        return False

    def _ask(self, method: str, path: str, **request: Any) -> Answer:
        return self._wire.ask(method, path, auth=self._sign, **request)

    def _sign(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request; no body here is a form of the kind that is signed with it (RFC 5849, 3.4.1.3.1)."""
        from oauthlib.oauth1 import Client

        key, secret, token, token_secret = self._keys
        client = Client(key, secret, token, token_secret)
        _, headers, _ = client.sign(request.url, request.method)  # type: ignore[arg-type]  # it is prepared, and has both
        request.headers.update(headers)
        return request

    def _said(self, answer: Answer) -> str:
        return self._wire.say(answer, ("errors", 0, "message"), ("detail",), ("errors", 0, "detail"), ("title",))

    def _certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this failure proves: nothing was made. None when it proves nothing."""
        if not answer.usable:
            return Refused(say("network-no-request"))
        if not answer.sent:
            return Deferred(say("network-unreachable", self.NETWORK, self._wire.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("network-slow-down", self.NETWORK), answer.until(now))
        if not 300 <= answer.code < 500 or answer.code == 408:
            return None
        about_the_post, remedy = _trouble(answer)
        reason = f"{say('network-refused', self.NETWORK, self._said(answer))} {remedy}".strip()
        return Refused(reason) if about_the_post else Deferred(reason, now + LATEST)

    def _not_done(self, answer: Answer, now: datetime) -> Refused | Deferred:
        """The same for a request that shows nothing to anybody, or may be made again without harm."""
        unclear = Deferred(say("network-did-not-confirm", self.NETWORK, self._said(answer)), now + PAUSE)
        return self._certain(answer, now) or unclear

    def _not_asked(self, answer: Answer) -> ChannelError:
        remedy = _trouble(answer)[1] if answer.code >= 300 else ""
        return ChannelError(f"{say('network-not-asked', self.NETWORK, self._said(answer))} {remedy}".strip())


@contextmanager
def _as_promised() -> Iterator[None]:
    """An answer of another shape than the API documents is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ChannelError(say("network-odd-answer", X.NETWORK)) from None


def _told(answer: Answer) -> str:
    """All that X said of a problem, without what it repeats of the request."""
    places = ("title",), ("detail",), ("type",), *(("errors", 0, word) for word in ("message", "detail", "type"))
    return " ".join(words for place in places if isinstance(words := answer.get(*place), str)).lower()


def _trouble(answer: Answer) -> tuple[bool, str]:
    """Whether a refusal is about the post itself, and what to do."""
    said = f"{answer.code} {_told(answer)}"
    known = next(((about, remedy) for sign, about, remedy in TROUBLES if re.search(sign, said)), None)
    about_the_post, remedy = known or (answer.code in ABOUT_THE_POST, REMEDIES.get(answer.code, ""))
    return about_the_post, say(f"x-remedy-{remedy}") if remedy else ""


def _posted(parcel: Parcel, name: str) -> Posted:
    if not _is_id(name):
        raise ValueError("a post without an id")
    return Posted(f"https://x.com/{parcel['user']['name']}/status/{name}", name)


def _is_id(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[0-9]{1,19}", name) is not None
