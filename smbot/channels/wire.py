"""One request to a network, and what came of it. Shared by the networks that are spoken to with `requests` alone.

Nothing is raised and nothing is retried here: an `Answer` says whether anything can have left this machine, and what
came back. What that means for a post is for each network to say.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from smbot.errors import UsageError
from smbot.messages import say

if TYPE_CHECKING:
    import requests

LARGEST = 8 * 1024 * 1024  # bytes of an answer that are read
PAUSE = timedelta(minutes=5)  # until a passing trouble is tried again
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)  # what a network may ask us to wait
# Headers that say when one may ask again. Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after;
# a time since 1970 (X, Bluesky) or an ISO time (Mastodon).
_RESETS = ("retry-after", "x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-reset")


class Answer(Struct, frozen=True):
    """What came of a request. `code` is the HTTP status, 0 where no whole answer came.

    `sent` is False only where it is certain that the network cannot have read the request. `usable` is False where it
    could not even be written down. `body` is the JSON of the answer, None where it is none.
    """

    code: int = 0
    body: Any = None
    headers: Mapping[str, str] = {}
    sent: bool = True
    usable: bool = True

    @property
    def ok(self) -> bool:
        """Whether the network said yes, in a way that can be read."""
        return 200 <= self.code < 300 and self.body is not None

    def get(self, *path: str | int) -> Any:
        """What stands at a place in the body, such as ('error', 'code'); None when it is not there."""
        found = self.body
        for step in path:
            try:
                found = found[step]
            except (LookupError, TypeError):
                return None
        return found

    def until(self, now: datetime) -> datetime:
        """When the network will listen again, by its headers: at least a minute, at most an hour from now."""
        return within(
            next(filter(None, (_time(self.headers.get(name, ""), now) for name in _RESETS)), now + PAUSE), now
        )


def within(at: datetime, now: datetime) -> datetime:
    """`at`, but at least a minute and at most an hour from now."""
    return min(max(at, now + SOONEST), now + LATEST)


def _time(text: str, now: datetime) -> datetime | None:
    """A number of seconds, a time since 1970, an ISO time or an HTTP date."""
    text = text.strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            number = float(text)
            return datetime.fromtimestamp(number, UTC) if number > 10**8 else now + timedelta(seconds=number)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Wire:
    """The way to one server. `timeout` (seconds) bounds every wait, and twice as much the whole of an answer.

    `secrets` are kept out of everything that is said about an answer.
    """

    def __init__(self, url: str, timeout: float = 30, secrets: Iterable[str] = ()) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self._timeout = timeout
        self._secrets = tuple(secret for secret in secrets if secret)

    def ask(self, method: str, path: str, **request: Any) -> Answer:
        """Make one request, as `requests.request` takes it, below `url` (or to `path` where it is a whole address)."""
        import requests

        url = path if path.startswith(("http://", "https://")) else f"{self.url}{path}"
        request["headers"] = {"User-Agent": "smbot", **request.get("headers", {})}
        try:
            # a connection kept would die some day with a post in it
            with requests.Session() as session:
                session.auth = _as_it_is  # no passwords from a .netrc that lies about on this machine
                # a redirect would take the secrets elsewhere, and its body is read whole before it is refused
                session.get_redirect_target = lambda _: None  # type: ignore[assignment]
                answer = session.request(method, url, timeout=self._timeout, stream=True, **request)
                return self._read(answer)
        except Exception as error:  # noqa: BLE001 - whatever happens to a request is an Answer
            return Answer(sent=not never_left(error), usable=not is_unusable(error))

    def _read(self, answer: requests.Response) -> Answer:
        data = whole(answer, self._timeout)
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        return Answer(answer.status_code, body, {name.lower(): value for name, value in answer.headers.items()})

    def say(self, answer: Answer, *places: tuple[str | int, ...]) -> str:
        """What the server said, in words fit for a wiki page: its own, from the first of `places` that has some."""
        words = self._open(next((w for place in places if isinstance(w := answer.get(*place), str) and w), ""))
        if not answer.code:
            return _line(words or say("wire-silence", self.host))
        code = str(answer.code)
        return _line(say("wire-status-said", words, code) if words else say("wire-status", code, self.host))

    def clean(self, words: str) -> str:
        """Words without any secret, on one line, not too long."""
        return _line(self._open(words))

    def _open(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, say("wire-secret"))
        return words


def _line(words: str) -> str:
    return " ".join(words.split())[:300].rstrip(". ")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def whole(answer: requests.Response, timeout: float) -> bytes:
    """The body of an answer that was asked for with `stream`. Raises OSError where it is too large or too slow."""
    deadline, data = time.monotonic() + 2 * timeout, bytearray()
    with answer:
        while piece := answer.raw.read1(65536, decode_content=True):  # iter_content would wait for all of them
            data += piece
            if len(data) > LARGEST or time.monotonic() > deadline:
                raise OSError("the answer does not end")
    return bytes(data)


def never_left(error: BaseException) -> bool:
    """Whether no connection to the server was made, so that it cannot have read anything.

    requests hides the reason of urllib3 in its arguments.
    """
    from ssl import SSLCertVerificationError

    from requests import exceptions as e
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if is_unusable(error) or isinstance(error, e.ConnectTimeout | e.ProxyError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, ConnectTimeoutError | NewConnectionError):
        return True
    return any(isinstance(argument, SSLCertVerificationError) for argument in getattr(reason, "args", ()))


def is_unusable(error: BaseException) -> bool:
    """Whether the request could not even be written down."""
    from requests import exceptions as e

    return isinstance(error, e.InvalidURL | e.InvalidHeader | e.InvalidSchema | e.MissingSchema | UnicodeEncodeError)


def server(url: str, network: str) -> str:
    """The address of a server as an operator gave it, checked: secrets travel with every request.

    Only on this machine may they travel in the clear. Raises UsageError.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise UsageError(say("wire-url-no-address", network)) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "localhost", "::1")):
        raise UsageError(say("wire-url-https", network))
    if not host or parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(say("wire-url-more", network))
    return f"{parts.scheme}://{parts.netloc}"
