"""What `smbot.channels.mastodon` asks a server, by mastodon-py, and what the answers prove.

That is read from the answer itself, never from the wording of an exception: `Api` keeps the last one. Which error says
what: https://docs.joinmastodon.org/methods/statuses/#create and its neighbours.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from smbot.channels.wire import LATEST, PAUSE, Answer, Wire, is_unusable, never_left, whole
from smbot.messages import say
from smbot.model import Deferred, Refused

if TYPE_CHECKING:
    import requests

# what is needed, and the wider scopes that hold it: https://docs.joinmastodon.org/api/oauth-scopes/
SCOPES = {
    "write:statuses": ("write",),
    "write:media": ("write",),
    "read:statuses": ("read",),
    "read:accounts": ("read", "profile"),
}
# what else is needed to like a post, and to find one to boost or like by its address
MORE_SCOPES = ("write:favourites", "read:search")
ABOUT_THE_POST = (400, 404, 410, 413, 422)  # what another post might not meet


class Api:
    """mastodon-py, watched: it says that a call failed, `answer` says how."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        import requests
        from mastodon import Mastodon

        session = self._session = requests.Session()
        session.hooks["response"].append(self._keep)
        # With a version given, a media upload does not first ask for it. 4.0.0 is the oldest with /api/v2/instance.
        known = {"mastodon_version": "4.0.0", "version_check_mode": "created", "ratelimit_method": "throw"}
        self._api = Mastodon(api_base_url=url, request_timeout=timeout, session=session, user_agent="smbot", **known)
        self._api.access_token = token  # as an argument it would be tried as a file name
        self.wire, self._timeout = Wire(url, timeout, [token]), timeout
        self.answer = Answer()
        self._kept: requests.Response | None = None
        self._headers: dict[str, str] = {}

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What the method of mastodon-py of that name gives. Raises whatever a malformed answer provokes in there."""
        self._kept, failure = None, None
        try:
            return getattr(self._api, method)(*args, **kwargs)
        except Exception as error:
            failure = error
            raise
        finally:
            self.answer = self._answered(failure)
            self._session.close()  # a connection kept would die some day with a post in it, and leave a needless doubt

    def _keep(self, answer: requests.Response, **_: Any) -> None:
        self._kept, self._headers = answer, {name.lower(): value for name, value in answer.headers.items()}
        answer.headers.pop("deprecation", None)  # mastodon-py would warn; its author is the one to act
        answer.headers.pop("X-RateLimit-Reset", "")  # an odd one would make mastodon-py hide the answer
        answer.raw = BytesIO(whole(answer, self._timeout))
        if 300 <= answer.status_code < 400:  # followed, it would turn the POST into a GET, and take the token along
            raise ConnectionError("sent elsewhere")

    def _answered(self, failure: Exception | None) -> Answer:
        """mastodon-py hides the error of requests behind its own."""
        if self._kept is None:
            from mastodon import MastodonIllegalArgumentError

            cause = (failure and failure.__context__) or OSError()
            usable = not is_unusable(cause) and not isinstance(failure, MastodonIllegalArgumentError)
            return Answer(sent=usable and not never_left(cause), usable=usable)
        try:
            body = self._kept.json()
        except (ValueError, RuntimeError, OSError):
            body = None
        return Answer(self._kept.status_code, body, self._headers)

    def said(self) -> str:
        """What the server answered, in words fit for a wiki page."""
        if self.answer.code in (202, 206):
            return say("mastodon-processing")
        if 200 <= self.answer.code < 300:
            return say("mastodon-unreadable", self.wire.host)
        return self.wire.say(self.answer, ("error",))

    def remedy(self) -> str:
        """What to do about it, '' when there is nothing."""
        return _remedy(self.answer.code)

    def certain(self, now: datetime) -> Refused | Deferred | None:
        """What the last answer proves: nothing was done. None when it proves nothing."""
        answer = self.answer
        if not answer.usable:
            return Refused(say("network-no-request-to-server"))
        if not answer.sent:
            return Deferred(say("network-server-unreachable", self.wire.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("mastodon-slow-down"), answer.until(now))
        if not 300 <= answer.code < 500 or answer.code == 408:
            return None
        reason = f"{say('mastodon-refused', self.said())} {self.remedy()}".strip()
        return Refused(reason) if answer.code in ABOUT_THE_POST else Deferred(reason, now + LATEST)


def _remedy(code: int) -> str:
    if 300 <= code < 400:
        return say("mastodon-remedy-elsewhere")
    match code:
        case 401:
            return say("mastodon-remedy-token")
        case 403:
            return say("mastodon-remedy-scopes", " ".join(SCOPES), " ".join(MORE_SCOPES))
        case 404:
            return say("mastodon-remedy-address")
        case 413:
            return say("mastodon-remedy-picture")
        case 422:
            return say("network-change-post")
    return ""
