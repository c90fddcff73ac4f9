"""Mastodon: one account on one server, by mastodon-py.

Where the rules come from:

- counting: https://docs.joinmastodon.org/user/posting/#text and the server's own
  https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
- posting and its Idempotency-Key: https://docs.joinmastodon.org/methods/statuses/#create
- limits: https://docs.joinmastodon.org/entities/Instance/#configuration
- rate limits: https://docs.joinmastodon.org/api/rate-limits/

What an error proves is read from the answer itself, never from the wording of an exception: `_Wire` keeps the last one.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import regex

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.errors import ChannelError, UsageError
from smbot.model import Deferred, InDoubt, Media, Outcome, Posted, Refused, Rules, Text

if TYPE_CHECKING:
    import requests

# what is needed, and the wider scopes that hold it: https://docs.joinmastodon.org/api/oauth-scopes/
SCOPES = {
    "write:statuses": ("write",),
    "write:media": ("write",),
    "read:statuses": ("read",),
    "read:accounts": ("read", "profile"),
}
SKEW = timedelta(minutes=2)
PAGE, PAGES = 40, 3  # how far back `find` reads
PAUSE = timedelta(minutes=5)  # until a passing trouble is tried again
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)  # what a rate limit may ask for


# --- limits ---------------------------------------------------------------------------------------------------------

_LIMITS: dict[str, tuple[tuple[str, str], int, int, int]] = {
    # ours: (theirs below 'configuration', default, least, most)
    "characters": (("statuses", "max_characters"), 500, 1, 1_000_000),
    "characters_per_url": (("statuses", "characters_reserved_per_url"), 23, 1, 2_000),
    "images": (("statuses", "max_media_attachments"), 4, 0, 100),
    "alt_characters": (("media_attachments", "description_limit"), 1_500, 1, 1_000_000),
    "image_bytes": (("media_attachments", "image_size_limit"), 16 * 1024 * 1024, 1, 2**40),
}
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def rules(limits: Mapping[str, Any]) -> Rules:
    """The rules of a server with these limits; what is missing is as on a server nobody changed."""
    checked = _checked(limits)
    return Rules(
        network="Mastodon",
        characters=checked["characters"],
        measure=_measure(checked["characters_per_url"]),
        images=checked["images"],
        alt_characters=checked["alt_characters"],
        image_bytes=checked["image_bytes"],
        image_types=tuple(checked["image_types"]),
    )


def _checked(limits: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {name: _bounded(name, limits.get(name)) for name in _LIMITS}
    types = limits.get("image_types") or list(_IMAGE_TYPES)
    if not isinstance(types, list | tuple) or not all(isinstance(mime, str) for mime in types):
        raise ChannelError("Mastodon's limits make no sense: image_types is not a list of words.")
    return {**checked, "image_types": [mime for mime in types if mime.startswith("image/")]}


def _bounded(name: str, value: object) -> int:
    _, default, least, most = _LIMITS[name]
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ChannelError(f"Mastodon's limits make no sense: {name} is not a number from {least} to {most}.")
    return value


# --- counting -------------------------------------------------------------------------------------------------------

# A character a host name may hold, a host's last label, and what a path and a query are made of. The server knows the
# list of top-level domains; here every run of Latin letters is one, and one in another script is counted as the longer
# of what it is and what a link costs.
_HOST = r"[^\x00-/:-@\[-`{-\x7f\s\x85\u180e\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
_LABEL = rf"{_HOST}(?:(?:[_-]|{_HOST})*{_HOST})?"
_NAME = rf"{_HOST}(?:(?:-|{_HOST})*{_HOST})?"
_TOP = r"(?:xn--[0-9a-z]+|[a-z]{2,63}(?![0-9a-z@+\-])|(?P<unsure>[^\W\d_a-z][\w--_]*(?!@)))"
_IN_PATH = r"[^\s<>()?]"
_PARENS = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_ENDS_PATH = r"""[^\s()?!*"'「」<>;:=,.$%\[\]~&|@]"""
_WIDE = r"\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef\U00010000-\U0010fffd"
_IN_QUERY = rf"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^{_WIDE}]"
_ENDS_QUERY = rf"[a-z0-9_&=\#/\-{_WIDE}]"
_URL = rf"""
    (?<![a-z0-9@＠$\#＃\ufeff\ufffe\uffff])
    https?://
    (?:{_LABEL}\.)*{_NAME}\.{_TOP}
    (?::[0-9]+)?
    (?:/(?:(?:{_IN_PATH}|{_PARENS})*(?:{_ENDS_PATH}|{_PARENS}))?)?
    (?:\?{_IN_QUERY}*{_ENDS_QUERY})?
"""
_ACCENTS = r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_MENTION = rf"""
    (?<![=/\w])
    (?P<user>(?>@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*))
    (?>(?:@\w+(?:[.-]+\w+)*)?)
    (?![@＠{_ACCENTS}]|://)
"""
_ENTITY = regex.compile(rf"(?P<url>{_URL})|{_MENTION}", regex.VERBOSE | regex.IGNORECASE | regex.VERSION1)
_GRAPHEME = regex.compile(r"\X")


def _measure(per_url: int) -> Callable[[str], int]:
    def shortened(entity: regex.Match[str]) -> str:
        if not entity["url"]:
            return str(entity["user"])
        return "x" * (max(per_url, _graphemes(entity["url"])) if entity["unsure"] else per_url)

    def measure(words: str) -> int:
        """Grapheme clusters, a link counted as `per_url` and @user@host as @user; the server trims the ends."""
        return _graphemes(_ENTITY.sub(shortened, words.strip()))

    return measure


def _graphemes(words: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(words))


# --- the channel ----------------------------------------------------------------------------------------------------


def credentials() -> Mapping[str, Credential]:
    """What a channel on Mastodon needs."""
    return {
        "URL": Credential("The address of the account's server, such as https://wikis.world."),
        "TOKEN": Credential(
            "On that server: Preferences > Development > New application, with the scopes "
            f"{' '.join(SCOPES)}; then 'Your access token'."
        ),
    }


def connect(secrets: Mapping[str, str]) -> Mastodon:
    """The channel these credentials open."""
    return Mastodon(secrets.get("URL", ""), secrets.get("TOKEN", ""))


class Mastodon(Cannot):
    """One account on one Mastodon server.

    `timeout` (seconds) bounds each wait for the server, `patience` (seconds) the wait for a picture to be processed,
    which is asked about every `pause` seconds.
    """

    NETWORK = "Mastodon"

    def __init__(self, url: str, token: str, *, timeout: float = 30, patience: float = 60, pause: float = 1) -> None:
        self._token = _usable_token(token)
        self._wire = _Wire(_usable_url(url), self._token, timeout)
        self._patience, self._pause = patience, pause
        self._me = ""

    def limits(self) -> dict[str, Any]:
        """What `GET /api/v2/instance` says of lengths and pictures."""
        with _as_promised():
            configuration = self._ask("instance_v2")["configuration"]
            found = {name: configuration[part].get(key) for name, ((part, key), *_) in _LIMITS.items()}
            types = configuration["media_attachments"].get("supported_mime_types")
        return _checked({**found, "image_types": types})

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Upload the pictures; the post itself is one request with `order.key`, honoured by the server for an hour."""
        try:
            pictures = [self._upload(picture) for picture in media]
        except Exception as error:  # noqa: BLE001 - packing never raises, and nothing is posted by it
            return self._certain(error, now) or Deferred(f"A picture was not taken: {self._said()}.", now + PAUSE)
        key = order.key
        if not re.fullmatch(r"[!-~]{1,200}", key):
            key = sha256(key.encode(errors="replace")).hexdigest()
        return {"key": key, "words": text.words, "language": text.language, "media": pictures, "after": [*order.after]}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once under the parcel's key."""
        try:
            return self._send(parcel)
        except Exception as error:  # noqa: BLE001 - posting never raises: what is not certain is in doubt
            return self._certain(error, now) or InDoubt(f"Sent, but not confirmed: {self._said()}.")

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Compare the sources of one's own posts since `since`, newest first."""
        wanted, edited = _comparable(parcel["words"]), ""
        with _as_promised():
            for status in self._own_since(since.astimezone(UTC) - SKEW):
                if _comparable(self._ask("status_source", status["id"])["text"]) == wanted:
                    return _posted(status)
                edited = edited or (str(status["url"]) if status["edited_at"] else "")
        if edited:
            raise ChannelError(f"It may have been posted and changed since: compare {edited} with the approved words.")
        return None

    def check(self) -> str:
        """The account's handle; what its application may do is compared with what is needed."""
        with _as_promised():
            account = self._ask("account_verify_credentials")
            handle = f"@{account['acct']}@{urlsplit(account['url']).netloc}"
            granted = set(self._ask("app_verify_credentials").get("scopes") or SCOPES)
        missing = [scope for scope, wider in SCOPES.items() if not granted & {scope, *wider}]
        if missing:
            raise ChannelError(
                f"The access token of {handle} lacks the scopes {' '.join(missing)}. "
                "Add them to the application (Preferences > Development), then regenerate its access token."
            )
        return handle

    def _send(self, parcel: Parcel) -> Posted:
        status = self._wire.call(
            "status_post",
            parcel["words"],
            in_reply_to_id=parcel["after"][-1] if parcel["after"] else None,
            media_ids=parcel["media"] or None,
            visibility="public",
            language=parcel["language"] or None,
            idempotency_key=parcel["key"],
        )
        return _posted(status)

    def _upload(self, picture: Media) -> str:
        # https://docs.joinmastodon.org/methods/media/#v2: 202 and no address until it is processed
        patient_until = time.monotonic() + self._patience
        upload = self._wire.call("media_post", picture.data, picture.mime, description=picture.alt or None)
        while not upload["url"]:
            if time.monotonic() > patient_until:
                raise TimeoutError
            time.sleep(self._pause)
            upload = self._wire.call("media", upload["id"])
        return str(upload["id"])

    def _own_since(self, oldest: datetime) -> Iterator[Any]:
        self._me = self._me or str(self._ask("account_verify_credentials")["id"])
        last = None
        for _ in range(PAGES):
            page = self._ask("account_statuses", self._me, exclude_reblogs=True, limit=PAGE, max_id=last)
            if not isinstance(self._wire.body(), list):  # mastodon-py takes {} for an empty page
                raise TypeError
            for status in page:
                if status["created_at"] < oldest:
                    return
                yield status
            if not page:
                return
            last = page[-1]["id"]
        raise ChannelError(f"More than {PAGE * PAGES} newer posts: look for it in the account's profile.")

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of a reading call, or ChannelError. The cause is dropped: it may quote the token."""
        try:
            return self._wire.call(method, *args, **kwargs)
        except Exception:  # noqa: BLE001 - mastodon-py lets through whatever a malformed answer provokes
            said, remedy = self._said(), _remedy(self._wire.code)
        raise ChannelError(f"Mastodon could not be asked: {said}. {remedy}".strip())

    def _certain(self, error: Exception, now: datetime) -> Refused | Deferred | None:
        """What this failure proves: nothing was posted. None when it proves nothing."""
        code = self._wire.code
        if code == 0 and self._wire.unusable(error):
            return Refused("The post could not be put into a request: check its words, and the address of the server.")
        if code == 0 and self._wire.never_left(error):
            return Deferred(f"The server {self._wire.host} could not be reached.", now + PAUSE)
        if code == 429:
            return Deferred("The server asks to slow down (rate limit).", self._wire.reset(now))
        if 300 <= code < 500 and code != 408:
            return Refused(f"The server refused: {self._said()}. {_remedy(code)}".strip())
        return None

    def _said(self) -> str:
        """What the server answered, in words fit for a wiki page."""
        words = self._wire.said().replace(self._token, "(token)")
        return " ".join(words.split())[:300].rstrip(". ")


@contextmanager
def _as_promised() -> Iterator[None]:
    """An answer of another shape than the API documents is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ChannelError("Mastodon answered something else than its API promises.") from None


def _posted(status: Any) -> Posted:
    url, name = status["url"] or status["uri"], status["id"]
    if not isinstance(url, str) or not url.startswith("http") or not isinstance(name, str | int) or not name:
        raise ValueError("an answer without an address or a name")
    return Posted(url=str(url), id=str(name))


def _comparable(words: str) -> str:
    lines = unicodedata.normalize("NFC", words).splitlines()
    return "\n".join(line.strip() for line in lines).strip()


def _remedy(code: int) -> str:
    if 300 <= code < 400:
        return "It sends elsewhere: set the URL of the channel to the address shown when its web pages are open."
    return {
        401: "The access token does not work any more: make a new one (Preferences > Development).",
        403: f"The token lacks a right, or the account is restricted. Needed scopes: {' '.join(SCOPES)}.",
        404: "Check that the URL of the channel is that of a Mastodon server.",
        413: "A picture is too large for the server.",
        422: "Change the post, then approve it again.",
    }.get(code, "")


def _usable_token(token: str) -> str:
    if not re.fullmatch(r"[!-~]+", token.strip()):
        raise UsageError("The TOKEN of a Mastodon channel is missing or has characters no token has.")
    return token.strip()


def _usable_url(url: str) -> str:
    """The token travels with every request: in the clear only on this machine."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        raise UsageError("The URL of a Mastodon channel is not an address.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "localhost", "::1")):
        raise UsageError("The URL of a Mastodon channel must start with https://.")
    if not host or parts.username or parts.password or parts.path.strip("/") or parts.query:
        raise UsageError("The URL of a Mastodon channel is only https:// and the name of the server.")
    return f"{parts.scheme}://{parts.netloc}"


# --- the wire -------------------------------------------------------------------------------------------------------


class _Wire:
    """mastodon-py, watched: it says that a call failed, the answer kept here says how."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        import requests
        from mastodon import Mastodon as Api

        session = self._session = requests.Session()
        session.max_redirects = 0  # a redirect would turn the POST into a GET, and take the token along
        session.hooks["response"].append(self._keep)
        # With a version given, a media upload does not first ask for it. 4.0.0 is the oldest with /api/v2/instance.
        known = {"mastodon_version": "4.0.0", "version_check_mode": "created", "ratelimit_method": "throw"}
        self._api = Api(api_base_url=url, request_timeout=timeout, session=session, user_agent="smbot", **known)
        self._api.access_token = token  # as an argument it would be tried as a file name
        self._answer: requests.Response | None = None
        self._reset = ""
        self.host = urlsplit(url).netloc

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        self._answer = None
        try:
            return getattr(self._api, method)(*args, **kwargs)
        finally:
            self._session.close()  # a connection kept would die some day with a post in it, and leave a needless doubt

    def _keep(self, answer: requests.Response, **_: Any) -> None:
        answer.headers.pop("deprecation", None)  # mastodon-py would warn; its author is the one to act
        self._reset = answer.headers.pop("X-RateLimit-Reset", "")  # an odd one would make mastodon-py hide the answer
        self._answer = answer

    @property
    def code(self) -> int:
        """The HTTP status of the last call, 0 when no answer came."""
        return 0 if self._answer is None else self._answer.status_code

    def body(self) -> Any:
        """The last answer as it came."""
        return None if self._answer is None else self._answer.json()

    def said(self) -> str:
        """The server's own message, if it gave one."""
        if self._answer is None:
            return f"no answer from {self.host}"
        if self.code in (202, 206):
            return "it is still being processed"
        if self.code < 300:
            return f"an answer that could not be read, from {self.host}"
        try:
            message = self.body()["error"]
        except (ValueError, KeyError, TypeError, RuntimeError, OSError):
            message = ""
        status = f"HTTP {self.code}"
        return f"{message} ({status})" if message and isinstance(message, str) else f"{status} from {self.host}"

    def unusable(self, error: Exception) -> bool:
        """Whether the request could not even be written down."""
        from mastodon import MastodonIllegalArgumentError
        from requests import exceptions as e

        unusable = (e.InvalidURL, e.InvalidHeader, e.InvalidSchema, e.MissingSchema, UnicodeError)
        return isinstance(error, MastodonIllegalArgumentError) or isinstance(error.__context__, unusable)

    def never_left(self, error: Exception) -> bool:
        """Whether no connection to the server was made, so that it cannot have read anything.

        mastodon-py hides the error of requests behind its own; requests hides the reason of urllib3 in its arguments.
        """
        from ssl import SSLCertVerificationError

        from requests import exceptions as e
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        cause = error.__context__
        if isinstance(cause, e.ConnectTimeout | e.ProxyError):
            return True
        reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
        if isinstance(reason, ConnectTimeoutError | NewConnectionError):
            return True
        return any(isinstance(argument, SSLCertVerificationError) for argument in getattr(reason, "args", ()))

    def reset(self, now: datetime) -> datetime:
        """When the server will listen again: at least a minute, at most an hour from now."""
        try:
            at = datetime.fromisoformat(self._reset)
        except ValueError:
            return now + PAUSE
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(at.astimezone(UTC), now + SOONEST), now + LATEST)
