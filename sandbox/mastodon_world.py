"""The world of the stand-in Mastodon: accounts, posts and pictures, and the rules of the real server over them.

https://docs.joinmastodon.org/methods/statuses/ and its neighbours say what is imitated. No sockets here.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import timeline
from sandbox.standin import ApiError, Json

CHARACTERS, PER_URL, PICTURES, ALT, BYTES = 500, 23, 4, 1500, 16 * 1024 * 1024
MIME = ["image/jpeg", "image/png", "image/gif", "image/webp"]
KEY_LIFE, WINDOW = timedelta(hours=1), timedelta(minutes=5)


@dataclass(frozen=True)
class Account:
    """A voice and the token that opens it."""

    username: str
    token: str
    scopes: tuple[str, ...] = ("profile", "read", "write")
    name: str = ""


ACCOUNTS = (
    Account("mediawiki", "token-of-mediawiki", name="MediaWiki"),
    Account("wikitech", "token-of-wikitech", name="Wikitech"),
)
ABROAD = Account("release@elsewhere.example", "", name="On another server")


@dataclass
class State:
    """All the server remembers, as JSON values."""

    statuses: dict[str, Json] = field(default_factory=dict)
    media: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)  # account + key -> status, when
    last: int = 0


class World:
    """Everything behind the API. `processing` is how often a picture is asked about before it is ready."""

    def __init__(
        self,
        url: str,
        accounts: tuple[Account, ...] = ACCOUNTS,
        file: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        processing: int = 0,
    ) -> None:
        self.url, self.accounts, self.clock, self.processing = url, accounts, clock, processing
        self.lock, self.file = threading.RLock(), file
        self.abroad: dict[str, str] = {}  # address -> words of posts on another server, which this one has not seen yet
        self.state = State(**json.loads(file.read_text("utf-8"))) if file and file.exists() else State()

    # --- what happened, for tests and demos ---

    def posts(self, username: str) -> list[Json]:
        """An account's own posts as they are stored, oldest first."""
        return [s for s in self.state.statuses.values() if s["username"] == username and not s["of"]]

    def say(self, username: str, words: str, **more: Any) -> str:
        """Post as a person would; the id of the post."""
        return str(self.create(self.account(username), {"status": words, **more}, "")["id"])

    def account(self, username: str) -> Account:
        return next(account for account in (*self.accounts, ABROAD) if account.username == username)

    def save(self) -> None:
        if self.file:
            beside = self.file.with_suffix(".new")
            beside.write_text(json.dumps(vars(self.state), ensure_ascii=False), "utf-8")
            beside.replace(self.file)

    # --- rules of the real server ---

    def authorise(self, token: str, *scopes: str) -> Account:
        for account in self.accounts:
            if account.token == token:
                if scopes and not any(s in account.scopes or s.split(":")[0] in account.scopes for s in scopes):
                    raise ApiError(403, "This action is outside the authorized scopes")
                return account
        raise ApiError(401, "The access token is invalid")

    def new_id(self) -> str:
        """A snowflake: milliseconds, then a sequence, so that ids sort by time."""
        self.state.last = max(self.state.last + 1, int(self.clock().timestamp() * 1000) << 16)
        return str(self.state.last)

    def create(self, account: Account, form: Mapping[str, Any], key: str) -> Json:
        """https://docs.joinmastodon.org/methods/statuses/#create; PostStatusService keeps a key for an hour."""
        with self.lock:
            now, slot = self.clock(), f"{account.username} {key}"
            known, when = self.state.keys.get(slot, ("", now.isoformat()))
            if key and known in self.state.statuses and now - datetime.fromisoformat(when) < KEY_LIFE:
                return self.show(known)
            if form.get("in_reply_to_id") and form["in_reply_to_id"] not in self.state.statuses:
                raise ApiError(404, "The post you are trying to reply to does not appear to exist.")
            where = {key: form[key] for key in ("in_reply_to_id", "visibility") if form.get(key)}
            words = self.words(form, "")
            sensitive = _is_true(form.get("sensitive", bool(words["spoiler_text"])))
            name = self.store(account.username, sensitive=sensitive, **where, **words)
            self.state.keys[slot] = [name, now.isoformat()]
            self.save()
            return self.show(name)

    def store(self, username: str, **more: Any) -> str:
        """One more post; its id."""
        name = self.new_id()
        usual = {
            "id": name, "username": username, "created_at": _stamp(self.clock()), "edited_at": None, "text": "",
            "spoiler_text": "", "language": "en", "media": [], "visibility": "public", "in_reply_to_id": None,
            "sensitive": False, "of": "", "url": "", "reblogs": [], "favourites": [],
        }  # fmt: skip
        self.state.statuses[name] = usual | more
        self.save()
        return name

    def edit(self, account: Account, name: str, form: Mapping[str, Any]) -> Json:
        """https://docs.joinmastodon.org/methods/statuses/#edit; what is not sent is dropped, but for the language.

        See https://github.com/mastodon/mastodon/blob/main/app/services/update_status_service.rb
        """
        with self.lock:
            own = self.own(account, name)
            words = self.words({"language": own["language"], **form}, name)
            words["sensitive"] = _is_true(form.get("sensitive", bool(words["spoiler_text"])))
            if any(own[part] != value for part, value in words.items()):
                own |= words | {"edited_at": _stamp(self.clock())}
            self.save()
            return self.show(name)

    def delete(self, account: Account, name: str) -> Json:
        with self.lock:
            if (of := self.own(account, name)["of"]) in self.state.statuses:
                self.state.statuses[of]["reblogs"].remove(account.username)
            shown = self.show(name, source=True)
            gone = {name, *(n for n, s in self.state.statuses.items() if s["of"] == name)}
            self.state.statuses = {n: s for n, s in self.state.statuses.items() if n not in gone}
            self.save()
            return shown

    def search(self, query: Mapping[str, str]) -> Json:
        """https://docs.joinmastodon.org/methods/search/: a post by its address; one on another server is fetched."""
        address = query.get("q", "")
        with self.lock:
            found = [n for n in self.state.statuses if address in (self.show(n)["url"], self.show(n)["uri"])]
            if not found and query.get("resolve") in ("1", "true") and address in self.abroad:
                found = [self.store(ABROAD.username, text=self.abroad[address], url=address)]
        return {"accounts": [], "statuses": [self.show(name) for name in found], "hashtags": []}

    def status(self, name: str) -> Json:
        if name not in self.state.statuses:
            raise ApiError(404, "Record not found")
        return self.state.statuses[name]

    def own(self, account: Account, name: str) -> Json:
        if self.status(name)["username"] != account.username:
            raise ApiError(404, "Record not found")
        return self.state.statuses[name]

    def mark(self, account: Account, name: str, verb: str) -> Json:
        """reblog, unreblog, favourite, unfavourite: each may be repeated and changes nothing then."""
        with self.lock:
            status = self.status(name)
            who = status["reblogs" if verb.endswith("reblog") else "favourites"]
            boost = next(
                (n for n, s in self.state.statuses.items() if s["of"] == name and s["username"] == account.username), ""
            )
            if verb.startswith("un"):
                who[:] = [other for other in who if other != account.username]
            elif account.username not in who:
                who.append(account.username)
            if verb == "reblog" and not boost:
                boost = self.store(account.username, of=name, visibility=status["visibility"])
            if verb == "unreblog" and boost:
                del self.state.statuses[boost]
            self.save()
            return self.show(boost if verb == "reblog" else name)

    def words(self, form: Mapping[str, Any], name: str) -> Json:
        """What a form says for the post of that name ('' for a new one), if it may."""
        text, warning = str(form.get("status") or "").strip(), str(form.get("spoiler_text") or "")
        media = list(form.get("media_ids") or [])
        taken = {used for s in self.state.statuses.values() if s["id"] != name for used in s["media"]}
        if not text and not media:
            raise ApiError(422, "Validation failed: Text can't be blank")
        if timeline.length(warning + text, PER_URL) > CHARACTERS:
            raise ApiError(422, f"Validation failed: Text character limit of {CHARACTERS} exceeded")
        if len(media) > PICTURES:
            raise ApiError(422, f"Cannot attach more than {PICTURES} files")
        if any(part not in self.state.media or part in taken for part in media):
            raise ApiError(422, f"Media {', '.join(media)} not found or already attached to another post")
        if any(self.state.media[part]["pending"] for part in media):
            raise ApiError(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        return {"text": text, "spoiler_text": warning, "media": media, "language": form.get("language") or "en"}

    def upload(self, form: Mapping[str, Any]) -> tuple[int, Json]:
        file = form.get("file")
        if not isinstance(file, tuple) or file[0] not in MIME:
            raise ApiError(422, "Validation failed: File content type is invalid, File is invalid")
        if len(file[1]) > BYTES:
            raise ApiError(422, f"Validation failed: File file size must be less than {BYTES // 1024**2} MB")
        with self.lock:
            name = self.new_id()
            data = base64.b64encode(file[1]).decode()
            self.state.media[name] = {"id": name, "mime": file[0], "data": data, "pending": self.processing}
            return self.describe(name, form)

    def describe(self, name: str, form: Mapping[str, Any]) -> tuple[int, Json]:
        description = str(form.get("description") or "")
        if len(description) > ALT:
            raise ApiError(422, f"Validation failed: Description is too long (maximum is {ALT} characters)")
        self.state.media[name]["description"] = description or None
        self.save()
        return 202 if self.state.media[name]["pending"] else 200, self.show_media(name)

    def ready(self, name: str) -> tuple[int, Json]:
        """Asked about once more: 206 until it is processed."""
        with self.lock:
            pending = self.state.media[name]["pending"] = max(0, self.state.media[name]["pending"] - 1)
            return 206 if pending else 200, self.show_media(name)

    def timeline(self, username: str, query: Mapping[str, str]) -> list[str]:
        """Ids newest first; https://docs.joinmastodon.org/methods/accounts/#statuses."""
        ids = sorted((int(n) for n, s in self.state.statuses.items() if username in ("", s["username"])), reverse=True)
        if query.get("exclude_reblogs") in ("1", "true"):
            ids = [n for n in ids if not self.state.statuses[str(n)]["of"]]
        if query.get("exclude_replies") in ("1", "true"):
            ids = [n for n in ids if not self.state.statuses[str(n)]["in_reply_to_id"]]
        if query.get("max_id"):
            ids = [n for n in ids if n < int(query["max_id"])]
        ids = [n for n in ids if n > int(query.get("since_id") or query.get("min_id") or 0)]
        limit = min(max(int(query.get("limit") or 20), 1), 40)
        return [str(n) for n in (ids[-limit:] if query.get("min_id") else ids[:limit])]

    # --- what the API shows ---

    def show(self, name: str, source: bool = False) -> Json:
        s = self.state.statuses[name]
        uri = s["url"] or f"{self.url}/users/{s['username']}/statuses/{name}"
        url = s["url"] or (f"{uri}/activity" if s["of"] else f"{self.url}/@{s['username']}/{name}")
        shown = {"content": timeline.content(s["text"], self.url)} if not source else {"text": s["text"]}
        return shown | {
            "id": name, "url": url, "uri": uri,
            "created_at": s["created_at"], "edited_at": s["edited_at"], "visibility": s["visibility"],
            "language": s["language"], "spoiler_text": s["spoiler_text"], "sensitive": s["sensitive"],
            "in_reply_to_id": s["in_reply_to_id"], "in_reply_to_account_id": None,
            "reblog": self.show(s["of"]) if s["of"] else None,
            "account": self.show_account(self.account(s["username"])),
            "media_attachments": [self.show_media(media) for media in s["media"]],
            "reblogs_count": len(s["reblogs"]), "favourites_count": len(s["favourites"]), "replies_count": 0,
            "quotes_count": 0, "favourited": bool(s["favourites"]), "reblogged": bool(s["reblogs"]), "muted": False,
            "bookmarked": False, "pinned": False, "filtered": [], "mentions": [], "tags": [], "emojis": [],
            "card": None, "poll": None, "quote": None, "application": {"name": "smbot", "website": None},
        }  # fmt: skip

    def show_account(self, account: Account) -> Json:
        number = str(1000 + (*self.accounts, ABROAD).index(account))
        picture = f"{self.url}/avatars/original/missing.png"
        posts = self.posts(account.username)
        return {
            "id": number, "username": account.username, "acct": account.username, "locked": False, "bot": True,
            "display_name": account.name or account.username, "discoverable": True, "indexable": False, "group": False,
            "created_at": "2026-01-01T00:00:00.000Z", "note": "", "url": f"{self.url}/@{account.username}",
            "uri": f"{self.url}/users/{account.username}", "avatar": picture, "avatar_static": picture,
            "header": picture, "header_static": picture, "followers_count": 0, "following_count": 0,
            "statuses_count": len(posts), "last_status_at": posts[-1]["created_at"][:10] if posts else None,
            "hide_collections": False, "noindex": False, "emojis": [], "roles": [], "fields": [],
        }  # fmt: skip

    def show_media(self, name: str) -> Json:
        media = self.state.media[name]
        url = None if media["pending"] else f"{self.url}/media/{name}"
        return {
            "id": name, "type": "image", "url": url, "preview_url": url, "remote_url": None, "text_url": None,
            "preview_remote_url": None, "meta": {}, "description": media["description"], "blurhash": None,
        }  # fmt: skip

    def show_instance(self, version: int) -> Json:
        configuration = {
            "urls": {"streaming": self.url.replace("http", "ws")},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {"max_characters": CHARACTERS, "max_media_attachments": PICTURES,
                         "characters_reserved_per_url": PER_URL},
            "media_attachments": {"supported_mime_types": [*MIME, "video/mp4"], "description_limit": ALT,
                                  "image_size_limit": BYTES, "image_matrix_limit": 33177600,
                                  "video_size_limit": 103809024, "video_frame_rate_limit": 120,
                                  "video_matrix_limit": 8294400},
            "polls": {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300,
                      "max_expiration": 2629746},
        }  # fmt: skip
        about = {
            "title": "Stand-in",
            "version": "4.5.0",
            "languages": ["en"],
            "rules": [],
            "configuration": configuration,
        }
        where = self.url.removeprefix("http://")
        if version == 1:
            return about | {"uri": where, "short_description": "", "description": "", "email": "",
                            "invites_enabled": False,
                            "urls": {"streaming_api": self.url.replace("http", "ws")}, "approval_required": False,
                            "stats": {"user_count": len(self.accounts), "status_count": 0, "domain_count": 0},
                            "thumbnail": None, "registrations": False, "contact_account": None}  # fmt: skip
        return about | {"domain": where, "source_url": "", "description": "", "usage": {"users": {"active_month": 0}},
                        "thumbnail": {"url": f"{self.url}/thumbnail.png"}, "icon": [], "api_versions": {"mastodon": 7},
                        "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
                        "contact": {"email": "", "account": None}}  # fmt: skip


def _is_true(value: object) -> bool:
    """What a form or JSON says: `sensitive=0` stands against what a warning alone would mean."""
    return str(value).lower() in ("1", "true")


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
