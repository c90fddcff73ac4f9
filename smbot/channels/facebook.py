"""Facebook: one Page, over the Graph API.

Where the rules come from:

- posting, changing, deleting: https://developers.facebook.com/docs/pages-api/posts
- pictures: https://developers.facebook.com/docs/graph-api/reference/page/photos/#upload
- reading back: https://developers.facebook.com/docs/graph-api/reference/page/published_posts/
- what a write answers: https://developers.facebook.com/docs/graph-api/overview/ (Read-After-Write)
- tokens: https://developers.facebook.com/docs/graph-api/reference/debug_token

How long a post may be, and how many pictures it may have, Meta does not say: these are the figures other tools agree
on, and what is too much is refused. A write could also be asked for the address of the post. It is not, as a failure to
read it is then answered like a failure to write: an id makes an address as well.

Facebook has no idempotency keys. It refuses to say the same twice in a row, and it may list a post late: so what is
listed is out, and what is not listed is for a person to look for.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from smbot.channels import Cannot, Credential, Order, Parcel, listed
from smbot.channels.graph import (
    GONE,
    SCOPES,
    Graph,
    as_promised,
    code,
    is_duplicate,
    is_number,
    remedy,
)
from smbot.channels.richtext import Kind, spans
from smbot.channels.wire import LATEST, Answer, server
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.messages import say
from smbot.model import Can, Deferred, HandedOff, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

API = "https://graph.facebook.com"
CHARACTERS, IMAGES = 63_206, 10
SKEW = timedelta(minutes=2)
SAME = timedelta(days=3)  # how far back the same words are looked for, when Facebook says that they are out already
PAGE, PAGES = 25, 12  # how far back `find` reads

WHERE = r"https?://(?:www\.|m\.|web\.|mbasic\.)?(?:facebook\.com/[^\s/?#]|fb\.watch/|fb\.com/)\S*"
LABEL = r"[^\s/?#@:.]+"
OWN = rf"(?:{LABEL}\.)*(?:facebook\.com|fb\.watch|fb\.com)\.?(?![^/?#:])"
ELSEWHERE = rf"https?://(?!{OWN})(?:{LABEL}\.)+(?!\d){LABEL}\.?(?::\d+)?(?![^/?#])"  # a host, and nobody's name before
Look = Callable[[datetime], tuple[Posted, datetime] | None]  # for an own post since a time: which, and of when

SHARE = "https://www.facebook.com/sharer/sharer.php?u="
A_POST = "https://www.facebook.com/wikipedia/posts/1234"
OUR_OWN_LINK = 1609008  # the subcode by which Facebook refuses a link to itself, as others saw


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - the same for every Page
    """The rules of every Page."""
    return Rules(
        network="Facebook",
        characters=CHARACTERS,
        measure=_measure,
        images=IMAGES,
        alt_characters=1000,
        image_bytes=4_000_000,
        image_types=("image/jpeg", "image/png"),
        link_cards=True,
        can=frozenset({Can.CORRECT, Can.RETRACT, Can.REPOST}),
    )


def _measure(words: str) -> int:
    """UTF-16 code units, the most that any counting Facebook may do can give."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def credentials() -> Mapping[str, Credential]:
    """What a channel on Facebook needs."""
    return {
        "PAGE": Credential(say("facebook-credential-page")),
        "TOKEN": Credential(say("facebook-credential-token")),
        "APP_TOKEN": Credential(say("facebook-credential-app-token"), optional=True),
        "URL": Credential(say("network-other-server", API), optional=True),
    }


def connect(secrets: Mapping[str, str]) -> Facebook:
    """The channel these credentials open."""
    page, token, app_token = (secrets.get(name, "") for name in ("PAGE", "TOKEN", "APP_TOKEN"))
    return Facebook(page, token, app_token, url=secrets.get("URL") or API)


class Facebook(Cannot):
    """One Page. `timeout` (seconds) bounds each wait."""

    NETWORK = "Facebook"

    def __init__(self, page: str, token: str, app_token: str = "", *, url: str = API, timeout: float = 30) -> None:
        self._page, self._token, self._app_token = page.strip(), token.strip(), app_token.strip()
        if not re.fullmatch(r"[0-9]{1,20}", self._page, re.ASCII):
            raise UsageError(say("facebook-bad-page"))
        if not re.fullmatch(r"[!-~]+", self._token):
            raise UsageError(say("network-bad-token", self.NETWORK))
        if self._app_token and not re.fullmatch(r"[0-9]+\|[!-~]+", self._app_token, re.ASCII):
            raise UsageError(say("facebook-bad-app-token"))
        secrets = (self._app_token, self._app_token.partition("|")[2])
        self._graph = Graph(server(url, self.NETWORK), self._page, self._token, secrets, timeout)

    def limits(self) -> dict[str, Any]:
        """When the token ends, where it does: it, or its leave to read what Facebook holds of people."""
        about = self._token_data()
        ends = [at for name in ("expires_at", "data_access_expires_at") if (at := about.get(name))]
        with as_promised():
            return {"expires": datetime.fromtimestamp(min(ends), UTC).isoformat()} if ends else {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Upload the pictures, unseen. Without any, the first link of the words gets a card."""
        words = text.warned
        if not words.strip() or any("\ud800" <= character <= "\udfff" for character in words):
            return Refused(say("network-half-or-empty"))
        if _measure(words) > CHARACTERS:
            return Refused(say("network-too-long-with-warning", f"{CHARACTERS:,}"))
        names = []
        for picture in media:
            name = self._upload(picture, now)
            if not isinstance(name, str):
                return name
            names.append(name)
        link = "" if media or text.warning else _first_link(text.words)
        return {"message": words, "link": link, "media": names, "planned": order.planned.astimezone(UTC).isoformat()}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once. Where Facebook says that it has this already, an earlier try may be out: that is looked up."""
        body = {"message": parcel["message"]}
        if parcel["link"]:
            body["link"] = parcel["link"]
        if parcel["media"]:
            body["attached_media"] = json.dumps([{"media_fbid": name} for name in parcel["media"]])
        planned = datetime.fromisoformat(parcel["planned"])
        return self._publish(body, lambda since: self._with_words(parcel["message"], since), planned, now)

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Compare the Page's own posts since `since`, newest first. What is not listed may be out all the same."""
        if found := self._with_words(parcel["message"], since):
            return found[0]
        raise Unknowable(say("facebook-not-listed"))

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete a post. Facebook says the same of one that is gone and of one it does not show to this token."""
        if not _is_post(id_):
            return Refused(say("facebook-no-id"))
        answer = self._graph.ask("DELETE", id_)
        if answer.ok and answer.get("success") is True:
            return Retracted()
        return self._gone(id_, now) if code(answer) == GONE else self._graph.not_done(answer, now)

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Change the words of a post; its pictures and its card stay. Only the app that posted it may."""
        if not _is_post(id_):
            return Refused(say("facebook-no-id"))
        answer = self._graph.ask("POST", id_, {"message": parcel["message"]})
        if answer.ok and answer.get("success") is True:
            return _at(id_)
        gone = self._gone(id_, now) if code(answer) == GONE else self._graph.not_done(answer, now)
        return Refused(say("facebook-gone")) if isinstance(gone, Retracted) else gone

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:
        """Post a link to a post, as no program can share one. Where Facebook takes no such link, a person shares it."""
        found = re.fullmatch(WHERE, url.strip())
        if not found:
            return Refused(say("network-no-such-address", self.NETWORK, A_POST))
        link = found[0]
        return self._publish({"link": link}, lambda since: self._with_link(link, since), order.planned, now)

    def like(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002
        """Hand it to a person: Facebook does not document that a program may like as a Page."""
        found = re.fullmatch(WHERE, url.strip())
        if not found:
            return Refused(say("network-no-such-address", self.NETWORK, A_POST))
        return HandedOff(found[0], say("facebook-like-how"))

    def check(self) -> str:
        """The Page's name, once it is known that the token is the Page's and what Facebook tells of its rights."""
        about = self._token_data()
        if about.get("type") not in ("PAGE", None):
            raise ChannelError(f"{say('facebook-no-page-token')} {remedy('anew')}")
        with as_promised():
            granted = set(about.get("scopes") or ())
        missing = [scope for scope in SCOPES if scope not in granted]
        if about and missing:
            raise ChannelError(f"{say('facebook-token-lacks', listed(missing))} {remedy('rights')}")
        answer = self._graph.ask("GET", "me", {"fields": "id,name"})
        name = answer.get("name")
        if not answer.ok or not isinstance(name, str):
            raise self._graph.not_asked(answer)
        if answer.get("id") != self._page:
            other = say("facebook-other-page", self._graph.clean(name))
            raise ChannelError(f"{other} {remedy('this-page')}")
        named = say("facebook-page", self._graph.clean(name), self._page)
        return named if about else self._may_read(named)

    # --- what posting takes ---

    def _upload(self, picture: Media, now: datetime) -> str | Refused | Deferred:
        """The id of a picture that nobody sees yet, with its alternative text."""
        fields = {"published": "false", **({"alt_text_custom": picture.alt} if picture.alt else {})}
        files = {"source": ("source", picture.data, picture.mime)}
        answer = self._graph.ask("POST", f"{self._page}/photos", fields, files=files)
        name = answer.get("id")
        return name if answer.ok and is_number(name) else self._graph.not_done(answer, now)

    def _publish(self, body: Mapping[str, str], look: Look, planned: datetime, now: datetime) -> Outcome:
        """Publish once. Where Facebook has the same already, this made nothing, but an earlier try of ours may have."""
        answer = self._graph.ask("POST", f"{self._page}/feed", body)
        if made := _posted(answer):
            return made
        if code(answer)[1] == OUR_OWN_LINK and "message" not in body:
            return HandedOff(SHARE + quote(body["link"], safe=""), say("facebook-share-how"))
        if is_duplicate(answer):
            return _earlier(look, planned)
        return self._graph.certain(answer, now) or InDoubt(say("network-not-confirmed", self._graph.said(answer)))

    def _with_words(self, words: str, since: datetime) -> tuple[Posted, datetime] | None:
        return self._newest("message", lambda post: _comparable(post.get("message", "")) == _comparable(words), since)

    def _with_link(self, link: str, since: datetime) -> tuple[Posted, datetime] | None:
        def leads_there(post: Mapping[str, Any]) -> bool:
            attached = post.get("attachments") or {"data": []}
            return any(one.get("unshimmed_url") == link for one in attached["data"])

        return self._newest("attachments{unshimmed_url}", leads_there, since)

    def _newest(
        self, field: str, is_it: Callable[[Mapping[str, Any]], bool], since: datetime
    ) -> tuple[Posted, datetime] | None:
        """The newest own post made at or after `since` of which that is true, and when it was made."""
        with as_promised():
            for post, created in self._own_since(since.astimezone(UTC) - SKEW, field):
                if is_it(post):
                    return _at(post["id"]), created
        return None

    def _own_since(self, oldest: datetime, field: str) -> Iterator[tuple[Mapping[str, Any], datetime]]:
        """A page of them may be empty and not the last: https://developers.facebook.com/docs/graph-api/results"""
        ask = {"fields": f"id,created_time,{field}", "limit": str(PAGE)}
        for _ in range(PAGES):
            answer = self._graph.ask("GET", f"{self._page}/published_posts", ask)
            if not answer.ok or not isinstance(answer.get("data"), list):
                raise self._graph.not_asked(answer)
            for post in answer.get("data"):
                created = datetime.fromisoformat(post["created_time"])
                if created < oldest:
                    return
                yield post, created
            if not answer.get("paging", "next"):
                return
            ask["after"] = str(answer.get("paging", "cursors", "after"))
        raise ChannelError(say("facebook-more-posts", PAGE * PAGES))

    def _gone(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Whether a post that Facebook does not show is gone: where the token is good, it would be shown."""
        if not id_.startswith(f"{self._page}_"):
            return Refused(say("facebook-other-pages-post"))
        try:
            self.check()
        except ChannelError as error:
            return Deferred(f"{say('facebook-not-shown')} {error}", now + LATEST)
        return Retracted()

    def _may_read(self, named: str) -> str:
        """Try the one right that can be tried without posting. Raises ChannelError where the token lacks it."""
        answer = self._graph.ask("GET", f"{self._page}/published_posts", {"fields": "id", "limit": "1"})
        if not answer.ok:
            raise self._graph.not_asked(answer)
        return say("facebook-page-untold", named)

    def _token_data(self) -> Mapping[str, Any]:
        """What Facebook says of the token. Raises ChannelError, also when it is not valid.

        Nothing where there is no APP_TOKEN and nobody with a role in the app made the token: about that only the app
        may ask, and others are answered with error 100.
        """
        by = self._app_token or self._token
        answer = self._graph.ask("GET", "debug_token", {"input_token": self._token, "access_token": by})
        if not self._app_token and code(answer) == (100, 0):
            return {}
        about = answer.get("data")
        if not answer.ok or not isinstance(about, dict):
            raise self._graph.not_asked(answer)
        if about.get("is_valid") is not True:
            said = about["error"].get("message") if isinstance(about.get("error"), dict) else ""
            why = say("facebook-token-invalid", self._graph.clean(str(said))) if said else say("facebook-token-ended")
            raise ChannelError(f"{why} {remedy('anew')}")
        return about


def _earlier(look: Look, planned: datetime) -> Outcome:
    """What is known of what Facebook says it has already."""
    try:
        found = look(planned - SAME)
    except ChannelError as error:
        return InDoubt(say("network-had-it", Facebook.NETWORK, error))
    if not found:
        return InDoubt(say("facebook-out-unlisted"))
    if found[1] >= planned - SKEW:
        return found[0]
    return Refused(say("facebook-same", found[0].url))


def _posted(answer: Answer) -> Posted | None:
    """The post that was made; None where the answer names none."""
    name = answer.get("id")
    return _at(name) if answer.ok and _is_post(name) else None


def _at(name: str) -> Posted:
    """A post by its id, which leads to it. Raises ValueError when it is none."""
    if not _is_post(name):
        raise ValueError(name)
    return Posted(f"https://www.facebook.com/{name}", name)


def _is_post(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[0-9]{1,30}_[0-9]{1,30}", name, re.ASCII) is not None


def _first_link(words: str) -> str:
    """The first address in words that leads to a host with a name; '' without one.

    None of Facebook itself: it takes no links to its own pages.
    """
    links = (span.value for span in spans(words) if span.kind is Kind.LINK)
    return next((link for link in links if re.match(ELSEWHERE, link, re.IGNORECASE)), "")


def _comparable(words: str) -> str:
    return " ".join(unicodedata.normalize("NFC", words).split())
