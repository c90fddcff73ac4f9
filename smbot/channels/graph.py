"""Meta's Graph API: one request to it, and what its answer proves.

- errors: https://developers.facebook.com/docs/graph-api/guides/error-handling
- rate limits: https://developers.facebook.com/docs/graph-api/overview/rate-limiting

What an error proves is in its code: the HTTP status is 400 for nearly all of them. Subcodes are hardly documented;
those below were seen by others who post to Pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from smbot.channels.wire import LATEST, PAUSE, Answer, Wire, within
from smbot.errors import ChannelError
from smbot.messages import say
from smbot.model import Deferred, Refused

VERSION = "v26.0"
SCOPES = ("pages_manage_posts", "pages_read_engagement")

RATE = {4, 17, 32, 341, 613, *range(80_000, 80_015)}
UNFINISHED = {1, 2}  # 'unknown error', 'service': https://github.com/arsduo/koala/issues/699 saw posts out after them
# What is about the account, the app or the address, whatever was to be posted, and the `remedy` of it.
REMEDIES = {
    **dict.fromkeys((102, 190), "anew"),
    **dict.fromkeys((3, 10, *range(200, 300)), "rights"),
    **dict.fromkeys((101, 104), "app"),
    368: "notice",
    803: "this-page",
    2500: "url",
}
STATUSES = {401: "anew", 403: "rights", 404: "url"}
GONE, USED, POSTED_BEFORE = (100, 33), (100, 1366051), (368, 1404082)
AGAINST_THE_STANDARDS = 1404102
HELD_UP = {1404006, 1404078, 1404112, 4854002}  # a person has to confirm something first


class Graph:
    """The Graph API for one Page. `secrets` are what else must not be passed on."""

    def __init__(self, url: str, page: str, token: str, secrets: tuple[str, ...], timeout: float) -> None:
        self._page, self._token = page, token
        self._wire = Wire(url, timeout, (token, *secrets))
        self.clean = self._wire.clean

    def ask(self, method: str, path: str, fields: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """Make one request with the Page's token, unless `fields` hold another."""
        given = {"access_token": self._token, **(fields or {})}
        place = "data" if method == "POST" else "params"
        return self._wire.ask(method, f"/{VERSION}/{path}", **{place: given}, **more)

    def said(self, answer: Answer) -> str:
        """What Facebook said, in words fit for a wiki page."""
        return self._wire.say(answer, ("error", "error_user_msg"), ("error", "message"))

    def certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this failure proves: nothing was made. None when it proves nothing."""
        if not answer.usable:
            return Refused(say("network-no-request"))
        if not answer.sent:
            return Deferred(say("network-unreachable", "Facebook", self._wire.host), now + PAUSE)
        if code(answer)[0] in RATE or (answer.code == 429 and not code(answer)[0]):
            return Deferred(say("network-slow-down", "Facebook"), _until(answer, now))
        if self._is_open(answer):
            return None
        about_the_post, what_to_do = _trouble(answer)
        reason = f"{say('network-refused', 'Facebook', self.said(answer))} {what_to_do}".strip()
        return Refused(reason) if about_the_post else Deferred(reason, now + LATEST)

    def not_done(self, answer: Answer, now: datetime) -> Refused | Deferred:
        """The same for a request that shows nothing to anybody, or may be made again without harm."""
        unclear = Deferred(say("network-did-not-confirm", "Facebook", self.said(answer)), now + PAUSE)
        return self.certain(answer, now) or unclear

    def not_asked(self, answer: Answer) -> ChannelError:
        """What to raise where a question was not answered."""
        what_to_do = _trouble(answer)[1] if code(answer)[0] or answer.code >= 300 else ""
        return ChannelError(f"{say('network-not-asked', 'Facebook', self.said(answer))} {what_to_do}".strip())

    def _is_open(self, answer: Answer) -> bool:
        """Whether it may have been done all the same."""
        number, lost = code(answer)[0], code(answer) == GONE and not self._is_the_page(answer)
        if number in UNFINISHED or lost or answer.get("error", "is_transient") is True:
            return True
        if number:
            return number not in REMEDIES and answer.code >= 500
        return not 300 <= answer.code < 500 or answer.code == 408

    def _is_the_page(self, answer: Answer) -> bool:
        """Whether it is the Page that is not found. Else it may be the post just made.

        https://github.com/nov/fb_graph2/issues/13
        """
        return f"'{self._page}'" in str(answer.get("error", "message"))


@contextmanager
def as_promised() -> Iterator[None]:
    """An answer of another shape than the API documents is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise ChannelError(say("network-odd-answer", "Facebook")) from None


def code(answer: Answer) -> tuple[int, int]:
    """The code and subcode of an error, 0 where there is none."""
    found, sub = answer.get("error", "code"), answer.get("error", "error_subcode")
    return found if isinstance(found, int) else 0, sub if isinstance(sub, int) else 0


def is_duplicate(answer: Answer) -> bool:
    """Whether Facebook says that it has these words or pictures already; of words it says so in two ways."""
    again = code(answer)[0] == 368 and "already posted" in str(answer.get("error", "message"))
    return again or code(answer)[0] == 506 or code(answer) in (USED, POSTED_BEFORE)


def is_number(name: object) -> bool:
    """Whether it can be the id of something."""
    return isinstance(name, str) and re.fullmatch(r"[0-9]{1,30}", name, re.ASCII) is not None


def remedy(name: str) -> str:
    """What to do, by its name in the tables."""
    return say(f"graph-remedy-{name}", *SCOPES)


def _trouble(answer: Answer) -> tuple[bool, str]:
    """Whether a refusal is about the post itself, and what to do."""
    number, subcode = code(answer)
    if code(answer) == GONE:
        return False, remedy("this-page")
    if subcode in HELD_UP:
        return False, remedy("notice")
    if "appsecret_proof" in str(answer.get("error", "message")):
        return False, remedy("app-secret")
    if number in REMEDIES and subcode != AGAINST_THE_STANDARDS:
        return False, remedy(REMEDIES[number])
    if subcode == AGAINST_THE_STANDARDS or answer.code in (200, 400, 413, 422):
        return True, say("network-change-post")
    return False, remedy(STATUSES[answer.code]) if answer.code in STATUSES else ""


def _until(answer: Answer, now: datetime) -> datetime:
    """By the header that tells in how many minutes access is regained."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", ""))
        minutes = max(int(use["estimated_time_to_regain_access"]) for uses in usage.values() for use in uses)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        minutes = 0
    return within(now + timedelta(minutes=min(minutes, 60)), now) if minutes > 0 else answer.until(now)
