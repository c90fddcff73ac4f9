"""Pictures of the pages, light and dark, on a desktop and on a phone: `make screenshots` puts them into docs/.

python -m sandbox.screenshots            make the world of the demo anew, look at it, and end it
python -m sandbox.screenshots queue log  of these pages only
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Page

from sandbox.browser import Browser
from sandbox.demo import TITLES, Demo
from sandbox.people import Person
from sandbox.wiki import PASSWORD, SandboxError

DOCS = Path(__file__).resolve().parent.parent / "docs"
LOG = f"{TITLES.log}/{datetime.now(UTC):%Y-%m}"
WORDS = "The hackathon begins on Friday. Come and meet the people who write MediaWiki: https://www.mediawiki.org/"


class View(NamedTuple):
    """What to look at: the picture's name, the page's title, who looks, what they press for a form, from where on."""

    name: str
    title: str
    who: str = ""
    press: str = ""
    start: str = ""


VIEWS = (
    View("queue", TITLES.queue, "Alice"),
    View("requests", TITLES.requests),
    View("form", TITLES.requests, "Rita", ".smbot-ask a"),
    View("log", LOG),
    View("status", TITLES.status),
    View("calendar", TITLES.status, start="#Calendar"),
    View("channels", TITLES.channels),
    View("settings", TITLES.settings),
)

HIGHEST = 1400
COLOURS = 128
MARGIN = 20


# What somebody looks with: its name, its width, and the skin that wikis show there.
DEVICES = (("desktop", 1100, "vector-2022"), ("phone", 390, "minerva"))


@contextlib.contextmanager
def _world() -> Iterator[Demo]:
    """The world of the demo, made anew and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="smbot-screenshots-") as folder:
        demo = Demo(Path(folder) / "demo")
        demo.folder.mkdir()
        try:
            demo.make()
            yield demo
        finally:
            demo.stop()


def _fill(page: Page) -> None:
    """Begin to fill in the form."""
    page.locator("textarea").first.fill(WORDS)
    page.get_by_role("checkbox").first.check(force=True)
    page.wait_for_load_state("networkidle")


def _look(page: Page, start: str) -> bytes:
    """A picture of the page without what is around it, from here down to where it gets too long."""
    part = page.locator("main").bounding_box()
    width = page.evaluate("document.documentElement.clientWidth")
    assert part
    if start and (begin := page.locator(start).bounding_box()):
        part["height"] -= begin["y"] - MARGIN / 2 - part["y"]
        part["y"] = begin["y"] - MARGIN / 2
    left = max(part["x"] - MARGIN, 0)
    right = min(part["x"] + part["width"] + MARGIN, width)
    clip = {"x": left, "y": part["y"], "width": right - left, "height": min(part["height"], HIGHEST)}
    return page.screenshot(clip=clip, full_page=True)  # type: ignore[arg-type]


def _small(picture: bytes) -> bytes:
    """The same with few colours, which is much smaller."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def take(demo: Demo, views: Sequence[View], folder: Path) -> Iterator[Path]:
    """Look at the pages with every device in both themes."""
    with Browser() as browser, contextlib.ExitStack() as stack:
        names = {view.who for view in views if view.who}
        people = {name: stack.enter_context(Person(demo.wiki.api, name, PASSWORD)) for name in names}
        for view, (device, width, skin), dark in product(views, DEVICES, (False, True)):
            with browser.visit(demo.wiki, people.get(view.who), width=width, dark=dark) as page:
                page.goto(f"{demo.wiki.page_url(view.title)}?useskin={skin}")
                page.wait_for_load_state("networkidle")
                if view.press:
                    page.locator(view.press).click()
                    _fill(page)
                file = folder / f"{view.name}-{'dark' if dark else 'light'}-{device}.png"
                file.write_bytes(_small(_look(page, view.start)))
                yield file


def main() -> int:
    """Make the pictures."""
    names = [view.name for view in VIEWS]
    parser = argparse.ArgumentParser(prog="python -m sandbox.screenshots", description="Pictures of smbot's pages.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of these pages only: {', '.join(names)}")
    parser.add_argument("--folder", type=Path, default=DOCS, help="where to (default docs/)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"there is no {' or '.join(sorted(unknown))}; there are {', '.join(names)}")
    try:
        with _world() as demo:
            for file in take(demo, [v for v in VIEWS if v.name in (options.names or names)], options.folder):
                print(f"{file.name}: {file.stat().st_size // 1024} kB", flush=True)
    except SandboxError as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
