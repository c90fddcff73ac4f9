"""The wiki door: the only module that knows pywikibot. Pages go in and out as values; errors end here.

Every write states the revision it was computed from (`baserevid`, without a time stamp: MediaWiki suppresses conflicts
with oneself otherwise), so that nobody's edit is overwritten, not even by a second copy of the bot.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sys import getsizeof
from typing import Any

import requests
import urllib3
from msgspec.structs import replace

from smbot import pictures
from smbot.errors import Conflict, Rejected, UsageError, WikiError
from smbot.messages import say
from smbot.model import File, Page, Site
from smbot.templates import kept

_FOLDERS = (Path(os.environ.get("PYWIKIBOT_DIR", ".")), Path("."), Path.home() / ".pywikibot")
if not any((folder / "user-config.py").exists() for folder in _FOLDERS) and "-dir" not in " ".join(sys.argv):
    os.environ.setdefault("PYWIKIBOT_NO_USER_CONFIG", "2")  # `smbot preview` works without any account

import pywikibot  # noqa: E402
from pywikibot import config  # noqa: E402
from pywikibot.data import api  # noqa: E402
from pywikibot.exceptions import APIError, Error  # noqa: E402

BATCH = 50  # titles a query may carry: https://www.mediawiki.org/wiki/API:Query
_PATIENCE = 4  # pywikibot's 15 retries would keep a cron job waiting for half an hour
_CONFLICTS = {"editconflict", "articleexists", "missingtitle", "pagedeleted"}
_REJECTED = ("contenttoobig", "spamblacklist", "abusefilter", "titleblacklist", "protectedpage", "cascadeprotected")
_TIMEOUT = (6, 30)
_LONGEST = 120  # seconds that an image may take
LARGEST = 25_000_000  # bytes of an image
# Wikimedia serves these widths alone: https://www.mediawiki.org/wiki/Common_thumbnail_sizes
_WIDTHS = (1920, 1280, 960, 500, 330, 250)
_MOST = 64_000_000  # bytes of memory that the revisions of a page may take, of what a job has on Toolforge
_NEW = 50  # pages newly made that one listing yields at most
_AT_ONCE = 500  # pages that one answer lists: https://www.mediawiki.org/wiki/API:Allpages
_LISTED = 10  # answers that are read of one listing
_OLD = 5  # pages that turn out to be old before the rest is taken to be old as well
_TRANSLATION = re.compile(r"(.+)/[a-z]{2,3}(?:-[a-z0-9]+)*")


def handle_args(arguments: list[str]) -> list[str]:
    """Take pywikibot's global options (-dir, -family, -lang, -user …) out of the command line."""
    return list(pywikibot.handle_args(arguments, do_help=False))


class Wiki:
    """One wiki, as one account sees it. Reads again only what changed since it was last read."""

    def __init__(self, name: str = "") -> None:
        """`name` is pywikibot's 'family:code', or '' for the wiki of user-config.py.

        Raises UsageError when pywikibot does not know it, WikiError when it cannot be reached.
        """
        config.max_retries = min(config.max_retries, _PATIENCE)
        if not config.log and not config.verbose_output:  # it looks at each module's file and asks git, for no reader
            pywikibot.bot.writelogheader = lambda: None
        try:
            family, _, code = name.partition(":")
            self._site: Any = pywikibot.Site(code, family) if name else pywikibot.Site()
        except Error as error:
            raise UsageError(say("wiki-unknown", name, error)) from error
        except OSError as error:
            raise WikiError(say("wiki-unreachable", name, _cause(error))) from error
        self._pages: dict[str, Page] = {}
        self._made: dict[int, datetime] = {}  # when pages were made, by their ids
        self._ahead = 0.0  # seconds that the wiki's clock is before this machine's monotonic one
        self.skew = timedelta(0)
        """How far this machine's clock is ahead of the wiki's, when the wiki was last asked anything."""

    def now(self) -> datetime:
        """The time by the wiki's clock, which is the same for every machine that smbot runs on."""
        if not self._ahead:
            return datetime.now(UTC)
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)

    @property
    def bot(self) -> str:
        """The name of the bot's account on this wiki; '' without one."""
        return str(self._site.username() or "")

    def version(self) -> tuple[int, ...]:
        """The version of its MediaWiki: (1, 39) for 1.39.17 or 1.39.0-wmf.3."""
        general = self._query(meta="siteinfo", siprop="general")["general"]
        found = re.search(r"(\d+)\.(\d+)", general["generator"])
        return tuple(map(int, found.groups())) if found else ()

    def login(self) -> None:
        """Log in. Raises UsageError when there is no account or its password does not work."""
        try:
            self._site.login()
        except Error as error:
            raise UsageError(say("wiki-no-login", self.bot or "smbot", self._site, error)) from error
        except OSError as error:
            raise WikiError(say("wiki-site-unreachable", self._site, _cause(error))) from error

    def site(self) -> Site:
        """How the links of this wiki become addresses."""
        answer = self._query(meta="siteinfo", siprop="general|interwikimap|namespaces|namespacealiases")
        general = answer["general"]
        files = {name.lower() for n in answer["namespaces"].values() if n["id"] == 6 for name in _names(n)}
        files |= {alias["alias"].lower() for alias in answer["namespacealiases"] if alias["id"] == 6}
        return Site(
            article=_absolute(general["server"]) + general["articlepath"],
            interwiki={entry["prefix"]: _absolute(entry["url"]) for entry in answer["interwikimap"]},
            file_namespaces=frozenset(files),
        )

    # --- reading ----------------------------------------------------------------------------------------------------

    def read(self, titles: Iterable[str]) -> dict[str, Page]:
        """The pages as they are now, by the titles asked for. One request for up to 50 pages that were not read before,
        or did not change since."""
        wanted = list(dict.fromkeys(titles))
        known = [title for title in wanted if title in self._pages]
        new = [title for title in wanted if title not in self._pages]
        for title, info in self._batches(known, prop="info", inprop="protection|url"):
            page = self._pages[title]
            if info.get("lastrevid", 0) != page.revision:
                new.append(title)
            elif (page.protection, page.language) != (_protection(info), info.get("pagelanguage", "")):
                del self._pages[title]
                new.append(title)
        content = {"prop": "info|revisions", "inprop": "protection|url", **_REVISION}
        for title, info in self._batches(new, **content):
            self._pages[title] = _page(title, info)
        return {title: self._pages[title] for title in wanted}

    def history(self, page: Page, after: int) -> tuple[Page, ...]:
        """The revisions of a page after revision `after` (0: all of them) up to the one given, oldest first.

        Where that cannot be told (`after` was deleted, say), or is more than fits into memory, it is the given revision
        alone.
        """
        if not page.exists or page.revision == after:
            return ()
        if page.parent == after:
            return (page,)
        span = {"rvdir": "newer", "rvendid": page.revision, "rvlimit": "max"} | ({"rvstartid": after} if after else {})
        revisions: list[Page] = []
        try:
            for answer in self._pieces(titles=page.title, prop="revisions|info", inprop="url", **_REVISION, **span):
                for info in answer["pages"]:
                    revisions += [_page(page.title, info | {"revisions": [r]}) for r in info.get("revisions", ())]
                if sum(getsizeof(revision.text) for revision in revisions) > _MOST:
                    return (page,)
        except WikiError as error:
            if getattr(error.__cause__, "code", "").startswith("badid"):
                return (page,)
            raise
        return tuple(r for r in revisions if r.revision != after) or (page,)

    def revision(self, id_: int) -> str:
        """The text of one revision; '' when it is gone or hidden."""
        answer = self._query(revids=id_, prop="revisions", **_REVISION)
        return next((_page("", page).text for page in answer.get("pages", ())), "")

    def last_summary(self, title: str, user: str) -> str:
        """The summary of the last edit that somebody made to a page; '' where there is none, or it was hidden."""
        answer = self._query(titles=title, prop="revisions", rvuser=user, rvlimit=1, rvprop="comment")
        edits = (edit for page in answer.get("pages", ()) for edit in page.get("revisions", ()))
        return next((edit.get("comment", "") for edit in edits), "")

    def newly_made(self, listings: Iterable[str], since: datetime) -> dict[str, tuple[Page, ...]]:
        """The pages made at `since` or later, newest first and at most 50 of each listing; without their texts.

        A listing is a category ('Category:News', in the language of the wiki or English), or else the beginning of page
        names ('Newsletter/'). `created` is when a page was put into the category, or the time of its first revision: a
        draft that was moved there keeps the time at which it was begun. Left out are redirects, files, categories, and
        the translations of a page ('Newsletter/1/fr'). A listing that is not there, or cannot be, has no pages.

        One request a listing, and one more for each page made before that was edited since, up to five. Of a category
        the 500 pages put there last are looked at; of page names 5,000 from the end of the alphabet, as names with
        dates have the newest there.
        """
        since = since.astimezone(UTC).replace(microsecond=0)  # a wiki knows seconds
        return {listing: self._newly_made(listing, since) for listing in dict.fromkeys(listings)}

    def _newly_made(self, listing: str, since: datetime) -> tuple[Page, ...]:
        space, name = self._split(listing)
        try:
            if space == _CATEGORY:
                found = self._put_into(f"Category:{name}", since)
            else:
                found = self._begun(space, name, since) if space >= 0 and (space or name) else []
        except WikiError as error:
            if getattr(error.__cause__, "code", "") in ("invalidtitle", "invalidcategory"):
                return ()
            raise
        pages = [replace(_page(info["title"], info), created=made, text_hidden=False) for made, info in found]
        return tuple(sorted(pages, key=_created, reverse=True)[:_NEW])

    def _split(self, listing: str) -> tuple[int, str]:
        """The number of a listing's namespace, and what follows it."""
        listing = listing.strip().lstrip(" _:")
        prefix, colon, name = listing.partition(":")
        try:
            space = self._site.namespaces.lookup_name(prefix) if colon else None
        except (Error, OSError) as error:
            raise WikiError(say("wiki-unread", self._site, _cause(error))) from error
        return (space.id, name.strip()) if space else (0, listing)

    def _put_into(self, category: str, since: datetime) -> list[_Made]:
        """The pages put into a category, with when they were."""
        asked = {"gcmtitle": category, "gcmsort": "timestamp", "gcmdir": "desc", "gcmend": since.isoformat()}
        asked |= {"clcategories": category, "clprop": "timestamp", "cllimit": "max"}
        found = self._generated("categorymembers", "gcm", 1, prop="info|revisions|categories", **asked)
        pages = [info for info in found if info["ns"] not in _NO_NEWS and not info.get("redirect")]
        return [(_time(c["timestamp"]), info) for info in self._originals(pages) for c in info.get("categories", ())]

    def _begun(self, space: int, beginning: str, since: datetime) -> list[_Made]:
        """The pages whose names begin so and that were made since, with when they were.

        Only what was edited since can have been made since. Page ids grow, so the highest are looked at first, until
        all others have to be older; some old pages have high ids, because they were imported.
        """
        asked = {
            "gapnamespace": space,
            "gapprefix": beginning,
            "gapfilterredir": "nonredirects",
            "gapdir": "descending",
        }
        listed = self._generated("allpages", "gap", _LISTED, prop="info|revisions", **asked)
        edited = [info for info in listed if _time(info["revisions"][0]["timestamp"]) >= since]
        pages = sorted(self._originals(edited), key=lambda info: int(info["pageid"]), reverse=True)
        found = [(_time(r["timestamp"]), info) for info in pages if not (r := info["revisions"][0])["parentid"]]
        changed = [info for info in pages if info["revisions"][0]["parentid"]]
        old = 0
        for info in changed[: _NEW + _OLD]:
            made = self._first(info["pageid"])
            if made >= since:
                found.append((made, info))
            elif (old := old + 1) == _OLD:
                break
        return found

    def _first(self, id_: int) -> datetime:
        """The time of a page's first revision, by the page's id; the beginning of time where the page is gone."""
        if id_ not in self._made:
            answer = self._query(pageids=id_, prop="revisions", rvprop="timestamp", rvdir="newer", rvlimit=1)
            times = [_time(r["timestamp"]) for page in answer.get("pages", ()) for r in page.get("revisions", ())]
            self._made[id_] = min(times, default=datetime.min.replace(tzinfo=UTC))
        return self._made[id_]

    def _originals(self, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The pages without those that are translations: named like a language, below a page that is there."""
        below = {info["title"]: found[1] for info in pages if (found := _TRANSLATION.fullmatch(info["title"]))}
        there = {title for title, info in self._batches(sorted(set(below.values())), prop="info") if "pageid" in info}
        return [info for info in pages if below.get(info["title"]) not in there]

    def _generated(self, generator: str, prefix: str, answers: int, **asked: Any) -> list[dict[str, Any]]:
        """What the first answers say of the pages of a generator: https://www.mediawiki.org/wiki/API:Query#Generators"""
        asked |= {"generator": generator, f"{prefix}limit": _AT_ONCE, "rvprop": "ids|timestamp", "inprop": "url"}
        found: dict[str, dict[str, Any]] = {}
        for answer in itertools.islice(self._pieces(**asked), answers):
            for page in answer.get("pages", ()):
                found[page["title"]] = found.get(page["title"], {}) | page
        return [info for info in found.values() if info.get("revisions")]

    def files(self, names: Iterable[str]) -> dict[str, File]:
        """The images there are, by the names asked for; those of a shared repository too."""
        titles = {f"File:{name}": name for name in names}
        asked = {"prop": "imageinfo", "iiprop": "url|mime|size|timestamp|sha1|extmetadata", **_LICENCE}
        return {
            titles[title]: _file(titles[title], about)
            for title, info in self._batches(list(titles), **asked)
            for about in info.get("imageinfo", ())
            if "sha1" in about and "url" in about  # else it is missing or hidden
        }

    def download(self, file: File, limit: int = LARGEST) -> bytes:
        """The bytes of an image: the original where it is a JPEG, PNG, GIF or WebP of at most `limit` bytes, else the
        smaller one that the wiki makes of it. Their address is the wiki's own word.

        Raises WikiError when they cannot be had, or the file is no longer the one that was looked at.
        """
        if file.mime in pictures.READABLE and file.size <= limit and file.width * file.height <= pictures.PIXELS:
            data = self._bytes(file, file.url, limit)
            if hashlib.sha1(data, usedforsecurity=False).hexdigest() != file.sha1:
                raise WikiError(say("wiki-image-replaced", file.name))
            return data
        url = self._smaller(file)
        data = self._bytes(file, url, LARGEST)
        self._smaller(file)  # its address is the same for every version, so it may have been replaced meanwhile
        return data

    def _smaller(self, file: File) -> str:
        """The address of a picture that the wiki makes of a file, provided it is still the same file."""
        asked = {"prop": "imageinfo", "iiprop": "url|sha1", "iiurlwidth": _width(file)}
        ((_, info),) = self._batches([f"File:{file.name}"], **asked)
        about: dict[str, Any] = next(iter(info.get("imageinfo", ())), {})
        if about.get("sha1") != file.sha1:
            raise WikiError(say("wiki-image-replaced", file.name))
        if not about.get("thumburl"):
            why = " ".join(about.get("thumberror", say("wiki-image-no-reason")).split())[:200].rstrip(".")
            raise WikiError(say("wiki-image-not-drawn", file.name, why))
        return _absolute(about["thumburl"])

    def _bytes(self, file: File, url: str, limit: int) -> bytes:
        """What is there at an address, at most `limit` bytes of it."""
        data, deadline = bytearray(), time.monotonic() + _LONGEST
        try:
            agent = {"User-Agent": pywikibot.comms.http.user_agent(self._site)}
            with requests.get(url, headers=agent, timeout=_TIMEOUT, stream=True) as answer:
                answer.raise_for_status()
                while piece := answer.raw.read1(65536, decode_content=True):
                    data += piece
                    if len(data) > limit:
                        raise WikiError(say("wiki-image-too-large", file.name, limit))
                    if time.monotonic() > deadline:
                        raise WikiError(say("wiki-image-slow", file.name))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise WikiError(say("wiki-image-unread", file.name, error)) from error
        return bytes(data)

    def blocked(self, users: Iterable[str]) -> frozenset[str]:
        """Which of these users are blocked, wholly or in part, or do not exist."""
        names = list(dict.fromkeys(users))
        fine: set[str] = set()
        for i in range(0, len(names), BATCH):
            answer = self._query(list="users", ususers="|".join(names[i : i + BATCH]), usprop="blockinfo")
            fine |= {u["name"] for u in answer["users"] if not {"blockid", "missing", "invalid"} & u.keys()}
        return frozenset(names) - fine

    def hidden(self, revisions: Iterable[int]) -> frozenset[int]:
        """Which of these revisions are gone, or hide their author or their text."""
        ids = list(dict.fromkeys(revisions))
        fine: set[int] = set()
        for i in range(0, len(ids), BATCH):
            wanted = "|".join(map(str, ids[i : i + BATCH]))
            answer = self._query(revids=wanted, prop="revisions", rvprop="ids|user|sha1", rvslots="main")
            for page in answer.get("pages", ()):
                fine |= {r["revid"] for r in page.get("revisions", ()) if not _HIDING & r.keys()}
        return frozenset(ids) - fine

    def rights(self) -> frozenset[str]:
        """What the bot's login may do: the rights of the account that its grants let through."""
        return frozenset(self._query(meta="userinfo", uiprop="rights")["userinfo"]["rights"])

    def tools(self) -> frozenset[str]:
        """The parser functions ('if'), tags ('<templatedata>') and extensions ('Gadgets') that this wiki has."""
        answer = self._query(meta="siteinfo", siprop="functionhooks|extensiontags|extensions")
        extensions = (extension["name"] for extension in answer["extensions"])
        return frozenset((*answer["functionhooks"], *answer["extensiontags"], *extensions))

    def writers(self, titles: Iterable[str]) -> dict[str, frozenset[str]]:
        """Who ever edited each page; '' stands for those without an account."""
        found = self._linked(titles, "contributors", "name", pclimit="max")
        infos = self._batches(list(found), prop="contributors")
        without = {title for title, info in infos if info.get("anoncontributors")}
        return {title: names | {""} if title in without else names for title, names in found.items()}

    def transcluded(self, titles: Iterable[str]) -> dict[str, frozenset[str]]:
        """The pages on which each page is transcluded."""
        return self._linked(titles, "transcludedin", "title", tilimit="max")

    def _linked(self, titles: Iterable[str], prop: str, name: str, **asked: Any) -> dict[str, frozenset[str]]:
        """What a wiki lists for each page; pages that were asked about are called as they were asked about."""
        wanted = list(titles)
        found: dict[str, set[str]] = {}
        asked_as: dict[str, str] = {}
        for i in range(0, len(wanted), BATCH):
            for answer in self._pieces(titles="|".join(wanted[i : i + BATCH]), prop=prop, **asked):
                asked_as |= {n["to"]: n["from"] for n in answer.get("normalized", ())}
                for page in answer.get("pages", ()):
                    found.setdefault(page["title"], set()).update(entry[name] for entry in page.get(prop, ()))
        return {asked_as.get(t, t): frozenset(asked_as.get(n, n) for n in names) for t, names in found.items()}

    # --- writing ----------------------------------------------------------------------------------------------------

    def save(self, title: str, text: str, base: int, summary: str) -> int:
        """Save a page that was computed from revision `base` (0: it did not exist); the new revision.

        Raises Conflict when the page is no longer at `base` and the wiki could not merge both changes, Rejected when
        the wiki does not take this text, WikiError when it could not be saved. An answer that got lost is no failure:
        the page is looked at again.
        """
        state: dict[str, Any] = {"baserevid": base, "nocreate": True} if base else {"createonly": True}
        words = {"title": title, "text": text, "summary": summary}
        try:
            answer = api.Request(
                site=self._site,
                parameters={"action": "edit", "bot": True, "notminor": True, "token": self._site.tokens["csrf"]}
                | {"formatversion": 2, **state},
                # in parts and as bytes: quoting a long page, or going through its lines, costs more than working it out
                mime={name: (words_.encode(errors="replace"), None, None) for name, words_ in words.items()},
            ).submit()
        except APIError as error:
            if error.code not in _CONFLICTS:
                kind = Rejected if error.code.startswith(_REJECTED) else WikiError
                raise kind(say("wiki-unsaved", title, f"{error.code}: {error.info}")) from error
            return self._saved_already(title, text, self.bot)
        except (Error, OSError) as error:
            raise WikiError(say("wiki-unsaved", title, _cause(error))) from error
        result = answer.get("edit", {})
        if result.get("result") != "Success":
            raise Rejected(say("wiki-unsaved", title, json.dumps(result)))
        self._pages.pop(title, None)
        return int(result["newrevid"]) if "newrevid" in result else self._saved_already(title, text)

    def delete(self, title: str, reason: str) -> None:
        """Delete a page. Raises WikiError when that cannot be done."""
        try:
            self._site.simple_request(
                action="delete", title=title, reason=reason, token=self._site.tokens["csrf"]
            ).submit()
        except (Error, OSError) as error:
            raise WikiError(say("wiki-not-deleted", title, _cause(error))) from error
        self._pages.pop(title, None)

    def _saved_already(self, title: str, text: str, user: str = "") -> int:
        """After a conflict, or where there was nothing to change: the revision that has this text already.

        Often it is our own edit, whose answer got lost and which pywikibot sent again. With `user` it has to be theirs.
        """
        self._pages.pop(title, None)
        page = self.read([title])[title]
        if user in ("", page.user) and _same(page.text, text):
            return page.revision
        changed = say("wiki-changed-by", title, page.user) if page.user else say("wiki-changed", title)
        raise Conflict(changed)

    # --- the API ----------------------------------------------------------------------------------------------------

    def _query(self, **parameters: Any) -> dict[str, Any]:
        result: dict[str, Any] = self._submit(parameters).get("query", {})
        return result

    def _submit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        parameters = {"action": "query", "formatversion": 2, "curtimestamp": True, **parameters}
        try:
            answer: dict[str, Any] = api.Request(site=self._site, use_get=True, parameters=parameters).submit()
        except (Error, OSError) as error:
            raise WikiError(say("wiki-unread", self._site, _cause(error))) from error
        if "curtimestamp" in answer:
            told = _time(answer["curtimestamp"])
            self._ahead = told.timestamp() - time.monotonic()
            self.skew = datetime.now(UTC) - told
        return answer

    def _pieces(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The parts of a long answer: https://www.mediawiki.org/wiki/API:Continue"""
        more: dict[str, Any] = {}
        while True:
            answer = self._submit(parameters | more)
            yield answer.get("query", {"pages": []})
            more = answer.get("continue", {})
            if not more or "iistart" in more:  # what is left are older versions of a file
                return

    def _batches(self, titles: list[str], **parameters: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ask about titles, as many at once as may be; (title as asked, what the wiki says) of each."""
        for i in range(0, len(titles), BATCH):
            part = titles[i : i + BATCH]
            found: dict[str, dict[str, Any]] = {}
            names: dict[str, str] = {}
            for answer in self._pieces(titles="|".join(part), **parameters):
                names |= {n["from"]: n["to"] for n in answer.get("normalized", ())}
                for page in answer.get("pages", ()):
                    found[page["title"]] = found.get(page["title"], {}) | page
            for title in part:
                yield title, found.get(names.get(title, title), {})


_REVISION = {"rvprop": "ids|timestamp|user|content|flags", "rvslots": "main"}
_LICENCE = {"iiextmetadatafilter": "Artist|Attribution|AttributionRequired|LicenseShortName|UsageTerms"}
_CATEGORY = 14
_NO_NEWS = {6, _CATEGORY}  # https://www.mediawiki.org/wiki/Manual:Namespace
_Made = tuple[datetime, dict[str, Any]]  # when a page was made, and what the wiki says of it
_HIDING = {"userhidden", "sha1hidden", "texthidden", "suppressed"}


def _page(title: str, info: dict[str, Any]) -> Page:
    revision = next(iter(info.get("revisions", ())), None)
    if revision is None:
        return Page(title, protection=_protection(info), language=info.get("pagelanguage", ""))
    slot = revision.get("slots", {}).get("main", {})
    hidden = bool({"texthidden"} & (revision.keys() | slot.keys()) or "content" not in slot)
    url = info.get("fullurl", "")
    return Page(
        title=title,
        revision=revision["revid"],
        text=slot.get("content", ""),
        url=f"{url}{'&' if '?' in url else '?'}oldid={revision['revid']}" if url else "",
        timestamp=_time(revision["timestamp"]),
        protection=_protection(info),
        user="" if "userhidden" in revision else revision.get("user", ""),
        parent=revision.get("parentid", 0),
        text_hidden=hidden,
        language=info.get("pagelanguage", ""),
    )


def _created(page: Page) -> tuple[datetime | None, int]:
    return page.created, page.revision


def _file(name: str, about: dict[str, Any]) -> File:
    return File(
        name=name,
        url=about["url"],
        mime=about["mime"],
        size=about["size"],
        since=_time(about["timestamp"]),
        sha1=about["sha1"],
        width=about.get("width", 0),
        height=about.get("height", 0),
        credit=pictures.credit(about.get("extmetadata") or {}, name),
    )


def _width(file: File) -> int:
    """How wide a picture the wiki is asked for: not higher than twice the widest, and not the original again."""
    fitting = (w for w in _WIDTHS if w * file.height <= 2 * _WIDTHS[0] * file.width)
    if file.width and file.mime != "image/svg+xml":
        fitting = (w for w in fitting if w < file.width)
    return next(fitting, _WIDTHS[-1])


def _protection(info: dict[str, Any]) -> str:
    return next((p["level"] for p in info.get("protection", ()) if p["type"] == "edit"), "")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cause(error: Exception) -> str:
    """What is at the bottom of a network error, without the whole address that was asked."""
    return str(error).rpartition("Caused by ")[2][:300]


def _absolute(url: str) -> str:
    return f"https:{url}" if url.startswith("//") else url


def _names(namespace: dict[str, Any]) -> Iterator[str]:
    yield from (namespace[key] for key in ("name", "canonical") if namespace.get(key))


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same page; MediaWiki lays out JSON in its own way."""
    read: tuple[Callable[[str], Any], ...] = (json.loads, str)
    for how in read:
        try:
            return bool(how(kept(one)) == how(kept(other)))
        except ValueError:
            continue
    return False
