"""The people of the sandbox: ordinary wiki accounts that act through the real API, as smbot's users do."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests


class RefusedError(Exception):
    """The wiki refused what a person tried; `code` is the API's error code, such as `protectedpage`."""

    def __init__(self, code: str, info: str) -> None:
        super().__init__(f"{code}: {info}")
        self.code = code
        self.info = info


class Person:
    """Somebody logged in to a wiki with their main password (https://www.mediawiki.org/wiki/API:Login).

    Every method that changes something answers what the API answered, so that a test can look at `nochange`,
    `newrevid` and the like; whatever the wiki refuses raises `RefusedError`.
    """

    def __init__(self, api: str, name: str, password: str) -> None:
        self.api = api
        self.name = name
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"smbot-sandbox ({quote(name)})"
        self._token = ""
        try:
            self._log_in(password)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Person({self.name!r})"

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    @property
    def cookies(self) -> dict[str, str]:
        """What makes a browser theirs."""
        return self._session.cookies.get_dict()

    # -- Reading

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Ask `action=query` and return its `query` part."""
        answer: dict[str, Any] = self._call("GET", action="query", **parameters)["query"]
        return answer

    def page(self, title: str, **parameters: Any) -> dict[str, Any]:
        """Ask `action=query` about one page and return the page's part."""
        found: dict[str, Any] = self.query(titles=title, **parameters)["pages"][0]
        return found

    def get(self, title: str) -> str:
        """The page's wikitext; empty when there is no such page."""
        newest = self.history(title, limit=1)
        return str(newest[0]["slots"]["main"].get("content", "")) if newest else ""

    def revision_id(self, title: str) -> int:
        """The id of the page's newest revision; 0 when there is no such page, as MediaWiki itself counts."""
        return int(self.page(title, prop="info").get("lastrevid", 0))

    def history(self, title: str, limit: int = 50) -> list[dict[str, Any]]:
        """The page's revisions with their texts, newest first."""
        wanted = "ids|timestamp|user|comment|content|tags|flags|sha1"
        page = self.page(title, prop="revisions", rvprop=wanted, rvslots="main", rvlimit=limit)
        found: list[dict[str, Any]] = page.get("revisions", [])
        return found

    def parse(self, text: str, title: str = "Project:Scratch") -> str:
        """The HTML of a wikitext as it would look on the page `title`."""
        html: str = self._call(
            "POST",
            action="parse",
            text=text,
            title=title,
            contentmodel="wikitext",
            prop="text",
            disablelimitreport=True,
        )["parse"]["text"]
        return html

    # -- Writing

    def edit(
        self,
        title: str,
        text: str,
        summary: str = "",
        *,
        baserevid: int | None = None,
        section: int | str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Save a page (https://www.mediawiki.org/wiki/API:Edit); with `baserevid` it is a compare-and-swap."""
        return self.do("edit", title=title, text=text, summary=summary, baserevid=baserevid, section=section, **more)

    def set_up(self, pages: Mapping[str, str]) -> None:
        """Let up to 50 pages have these texts; those that have them already are not saved."""
        wanted = {title.replace("_", " "): text for title, text in pages.items()}
        answer = self.query(titles="|".join(wanted), prop="revisions", rvprop="content", rvslots="main")
        asked = {n["to"]: n["from"] for n in answer.get("normalized", ())}
        there = {
            asked.get(page["title"], page["title"]): page["revisions"][0]["slots"]["main"].get("content")
            for page in answer["pages"]
            if "revisions" in page
        }
        for title, text in wanted.items():
            if there.get(title) != text.rstrip():
                self.edit(title, text)

    def move(self, title: str, to: str, reason: str = "") -> dict[str, Any]:
        """Rename a page, leaving a redirect."""
        return self.do("move", **{"from": title}, to=to, reason=reason)

    def delete(self, title: str, reason: str = "") -> dict[str, Any]:
        """Delete a page."""
        return self.do("delete", title=title, reason=reason)

    def protect(self, title: str, level: str = "sysop", reason: str = "") -> dict[str, Any]:
        """Let only `level` edit a page, or create it while it does not exist; `level='all'` lifts the protection."""
        action = "create" if "missing" in self.page(title) else "edit"
        return self.do("protect", title=title, protections=f"{action}={level}", reason=reason)

    def block(self, name: str, reason: str = "", **more: Any) -> dict[str, Any]:
        """Block a user for good."""
        return self.do("block", user=name, expiry="infinite", reason=reason, **more)

    def unblock(self, name: str, reason: str = "") -> dict[str, Any]:
        """Lift a user's block."""
        return self.do("unblock", user=name, reason=reason)

    def hide_revision(
        self, revid: int, what: str = "content|comment|user", *, suppress: bool = False
    ) -> dict[str, Any]:
        """Hide parts of a revision, from administrators too when `suppress` is set."""
        how = "yes" if suppress else "no"
        return self.do("revisiondelete", type="revision", ids=revid, hide=what, suppress=how)

    def upload(self, path: Path, name: str = "", text: str = "") -> dict[str, Any]:
        """Upload a file under `name`, by default its own."""
        with path.open("rb") as content:
            return self.do("upload", filename=name or path.name, text=text, ignorewarnings=True, _file=content)

    def do(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Call any API action that needs a token, and return its own part of the answer."""
        self._token = self._token or self._fetch_token("csrf")
        answer: dict[str, Any] = self._call("POST", action=action, token=self._token, **parameters)[action]
        return answer

    # -- The wire

    def _log_in(self, password: str) -> None:
        answer = self._call(
            "POST", action="clientlogin", username=self.name, password=password, loginreturnurl=self.api,
            logintoken=self._fetch_token("login"),
        )["clientlogin"]  # fmt: skip
        if answer["status"] != "PASS":
            raise RefusedError(answer.get("messagecode", answer["status"]), answer.get("message", ""))

    def _fetch_token(self, kind: str) -> str:
        return str(self.query(meta="tokens", type=kind)["tokens"][f"{kind}token"])

    def _call(self, method: str, _file: Any = None, **parameters: Any) -> dict[str, Any]:
        """One request; parameters that are None are not sent, and neither are those that are False."""
        sent = {name: value for name, value in parameters.items() if value is not None and value is not False}
        sent |= {"format": "json", "formatversion": 2}
        with self._session.request(
            method,
            self.api,
            params=sent if method == "GET" else None,
            data=sent if method == "POST" else None,
            files={"file": _file} if _file else None,
            timeout=60,
        ) as response:
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
        if "error" in answer:
            raise RefusedError(answer["error"]["code"], answer["error"]["info"])
        return answer
