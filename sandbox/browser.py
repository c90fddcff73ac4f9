"""A real browser, the system's Chromium without a window, in which the sandbox's people look at its pages.

It reaches this machine and nothing else: whatever is not on loopback is sent to a proxy that does not exist.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, WebError, sync_playwright

from sandbox.people import Person
from sandbox.wiki import SandboxError, SandboxWiki

PHONE = 360
"""Pixels across a small phone of today."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_NOWHERE = "http://127.0.0.1:9"
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", f"--proxy-server={_NOWHERE}", "--proxy-bypass-list=127.0.0.1"),
    "--force-prefers-reduced-motion",
)


def find_chromium() -> str | None:
    """The system's Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class FaultError(AssertionError):
    """A page that somebody visited had an error in its scripts, or wrote one to the console."""


class Browser:
    """One Chromium, for as long as the block lasts; only for the thread that began it."""

    def __enter__(self) -> Self:
        chromium = find_chromium()
        if not chromium:
            raise SandboxError("There is no Chromium here. Run sandbox/bootstrap, which gets one.")
        self._playwright = sync_playwright().start()
        try:
            self._chromium = self._playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._chromium.close()
        self._playwright.stop()

    @contextlib.contextmanager
    def visit(
        self,
        wiki: SandboxWiki,
        person: Person | None = None,
        *,
        javascript: bool = True,
        width: int = 1100,
        height: int = 900,
        dark: bool = False,
        language: str = "",
    ) -> Iterator[Page]:
        """A page of its own for a person, who is logged in; without one, for a reader.

            with browser.visit(wiki, alice) as page:
                page.goto(wiki.page_url("Project:Smbot/Queue"))

        It shares nothing with other visits. Addresses may be relative to the wiki's. With `language` the interface is
        in that language, except right after a redirect. Errors on the page fail the block at its end.
        """
        context = self._chromium.new_context(
            base_url=wiki.url, java_script_enabled=javascript, viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light", locale=language or "en", timezone_id="UTC",
        )  # fmt: skip
        if person:
            context.add_cookies([{"name": k, "value": v, "url": wiki.url} for k, v in person.cookies.items()])
        if language:
            context.route(wiki_pages, lambda route: _speak(route, language))
        with _faults(context):
            yield context.new_page()


@contextlib.contextmanager
def _faults(context: BrowserContext) -> Iterator[None]:
    """Close the context after the block, and fail for what went wrong on its pages."""
    faults: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error" and not _expected(said):
            faults.append(f"{said.text} ({said.location['url']})")

    def catch(thrown: WebError) -> None:
        faults.append(str(thrown.error))

    context.on("console", hear)
    context.on("weberror", catch)
    try:
        yield
    except BaseException as error:
        for fault in faults:
            error.add_note(f"on the page: {fault}")
        raise
    finally:
        context.close()
    if faults:
        raise FaultError("; ".join(faults))


def _expected(said: ConsoleMessage) -> bool:
    """Whether Chromium only says that there is no such wiki page, or that it was kept from the network."""
    missing = "404" in said.text and wiki_pages(said.location["url"])
    return missing or "ERR_PROXY_CONNECTION_FAILED" in said.text


def wiki_pages(address: str) -> bool:
    """Whether an address is that of a wiki page rather than of a script, a picture or the API."""
    return urlsplit(address).path.startswith(("/wiki/", "/index.php"))


def _speak(route: Route, language: str) -> None:
    """Let a page that is asked for be in this language."""
    parts = urlsplit(route.request.url)
    if route.request.is_navigation_request() and "uselang=" not in parts.query:
        query = "&".join(filter(None, (parts.query, urlencode({"uselang": language}))))
        route.continue_(url=urlunsplit(parts._replace(query=query)))
    else:
        route.continue_()
