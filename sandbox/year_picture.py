"""The picture of a simulated year: a column a week; for each account its posts, and how long they waited.

Below them, by the day, when networks and the wiki were down and when maintainers were away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SCALE = 2  # pixels to a unit, so that it is sharp on today's screens
LEFT, TOP, WEEK, RIGHT = 150, 76, 22, 24
BAR, LINE = 13, 20  # the height of one post, and of a row
PAPER, INK, SOFT, GRID = "#ffffff", "#202122", "#72777d", "#eaecf0"
POSTS, REPOSTS, GOAL, DOWN, AWAY = "#3366cc", "#a3c0f5", "#b54700", "#d33", "#a2a9b1"
WAITS = ((6, "#e8f3ea"), (24, "#bfe0c6"), (72, "#fce29f"), (10**6, "#f5a98a"))  # up to so many hours


@dataclass(frozen=True)
class Voice:
    """An account, week by week. `waits` are hours from approval to post, the median; None without a post."""

    name: str
    posts: Sequence[int]
    reposts: Sequence[int]
    waits: Sequence[float | None]
    goal: int


@dataclass(frozen=True)
class Chart:
    """All that is drawn. `outages` and `away` are rows by their label, each with times from and to."""

    title: str
    start: date
    voices: Sequence[Voice]
    outages: Mapping[str, Sequence[tuple[datetime, datetime]]]
    away: Mapping[str, Sequence[tuple[datetime, datetime]]]

    @property
    def weeks(self) -> int:
        return len(self.voices[0].posts)

    @property
    def tallest(self) -> int:
        """The most posts and reposts of a week."""
        return max((p + r for v in self.voices for p, r in zip(v.posts, v.reposts, strict=True)), default=0)


class _Paper:
    """Draws in units from the top left corner, with text in one of two sizes."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._fonts = {size: ImageFont.load_default(size * SCALE) for size in (9, 12, 17)}

    def box(self, x: float, y: float, width: float, height: float, ink: str) -> None:
        end = (x + max(width, 1)) * SCALE - 1, (y + max(height, 1)) * SCALE - 1
        self._draw.rectangle((x * SCALE, y * SCALE, *end), fill=ink)

    def text(self, x: float, y: float, words: str, ink: str = INK, size: int = 12, anchor: str = "lm") -> None:
        self._draw.text((x * SCALE, y * SCALE), words, fill=ink, font=self._fonts[size], anchor=anchor)


def draw(chart: Chart, file: Path) -> None:
    """Write the picture as a PNG."""
    panel = max(chart.tallest, 4) * BAR + LINE + 34
    rows = {**chart.outages, **chart.away}
    width = max(LEFT + chart.weeks * WEEK + RIGHT, 980)
    height = TOP + panel * len(chart.voices) + LINE * len(rows) + 60
    paper = _Paper(width, height)
    paper.text(16, 22, chart.title, size=17)
    _months(paper, chart, height - 56)
    y = TOP
    for voice in chart.voices:
        _voice(paper, voice, y, panel)
        y += panel
    for label, spans in rows.items():
        paper.text(LEFT - 10, y + LINE / 2, label, anchor="rm")
        paper.box(LEFT, y + LINE - 2, chart.weeks * WEEK, 0.5, GRID)
        for begin, end in spans:
            left, right = _across(chart, begin), _across(chart, end)
            if left == right:
                continue
            paper.box(left, y + 4, right - left, LINE - 9, DOWN if label in chart.outages else AWAY)
        y += LINE
    _legend(paper, y + 28)
    paper.image.save(file, "PNG", optimize=True)


def _across(chart: Chart, at: datetime) -> float:
    start = datetime.combine(chart.start, datetime.min.time(), UTC)
    return LEFT + min(max((at - start) / timedelta(weeks=1), 0), chart.weeks) * WEEK


def _months(paper: _Paper, chart: Chart, bottom: float) -> None:
    """The months, with a line where each begins, and the numbers of the weeks."""
    for week in range(chart.weeks):
        paper.text(LEFT + (week + 0.5) * WEEK, TOP - 10, str(week + 1), SOFT, 9, "mm")
    for number in range(7 * chart.weeks):
        day = chart.start + timedelta(days=number)
        if day.day == 1 or not number:
            x = LEFT + number / 7 * WEEK
            paper.box(x, TOP - 34, 0.5, bottom - TOP + 34, GRID)
            paper.text(x + 4, TOP - 26, f"{day:%B %Y}" if day.month == 1 or not number else f"{day:%B}", SOFT)


def _voice(paper: _Paper, voice: Voice, top: float, panel: float) -> None:
    """Bars of posts with reposts on top, the goal as a line, and a row of waits."""
    ground = top + panel - LINE - 16
    paper.text(LEFT - 10, ground - 2.5 * BAR, voice.name, size=17, anchor="rm")
    paper.text(LEFT - 10, ground - 1.1 * BAR, "posts a week", SOFT, anchor="rm")
    for week, (posts, reposts) in enumerate(zip(voice.posts, voice.reposts, strict=True)):
        x = LEFT + week * WEEK + 3
        for number in range(posts + reposts):
            paper.box(x, ground - (number + 1) * BAR, WEEK - 6, BAR - 1, POSTS if number < posts else REPOSTS)
        hours = voice.waits[week]
        if hours is not None:
            paper.box(x - 2, ground + 4, WEEK - 2, LINE - 4, next(ink for most, ink in WAITS if hours <= most))
            paper.text(x + WEEK / 2 - 3, ground + 4 + (LINE - 4) / 2, f"{hours:.0f}", INK, 9, "mm")
    paper.text(LEFT - 10, ground + 12, "hours waited", SOFT, anchor="rm")
    paper.box(LEFT, ground, len(voice.posts) * WEEK, 0.5, SOFT)
    for dash in range(len(voice.posts) * WEEK // 8):
        paper.box(LEFT + 8 * dash, ground - voice.goal * BAR - 1, 5, 1, GOAL)


def _legend(paper: _Paper, y: float) -> None:
    x = 16.0
    shown = [(POSTS, "post"), (REPOSTS, "repost"), (GOAL, "goal"), (DOWN, "down"), (AWAY, "away")]
    bounds = ("up to 6 hours", "up to a day", "up to three days", "longer")
    shown += [(ink, f"waited {words}") for (_, ink), words in zip(WAITS, bounds, strict=True)]
    for ink, words in shown:
        paper.box(x, y - 5, 10, 10, ink)
        paper.text(x + 15, y, words)
        x += 33 + 6.2 * len(words)
