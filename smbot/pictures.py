"""From a picture on the wiki to one that a network takes: upright, in sRGB, small enough, and nothing but pixels.

Where and with what a photograph was taken is nobody's business, so what goes out is painted anew.
An animation gives its first picture: networks disagree too much on what else to do with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from io import BytesIO
from math import sqrt
from typing import TYPE_CHECKING, Any

import regex

from smbot.errors import WikiError
from smbot.messages import say
from smbot.model import File, Media, Problem, Rules

if TYPE_CHECKING:
    from PIL.Image import Image

READABLE = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}  # what is opened here
PIXELS = 25_000_000  # that are unpacked at most: 100 MB, and as much again to make them fewer
LARGEST = 250_000_000  # bytes of a file that a wiki may still make a smaller picture of
CREDIT = 80  # characters of a credit line: what smbot.compose keeps free for it

_SIDE = 2560  # pixels; people look at it on a telephone
_SMALLEST = 32  # pixels of the longer side below which a picture says nothing
_QUALITIES = (90, 82, 72)  # of a JPEG, tried before it is made smaller
_SMALLER = 0.9
_PAGES = ("application/pdf", "image/vnd.djvu")  # of which wikis show the first page
# What has to be done to stand upright, by the EXIF tag 274: https://exiftool.org/TagNames/EXIF.html
_TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
          7: "TRANSVERSE", 8: "ROTATE_90"}  # fmt: skip
_ORIENTATION = 0x0112


def problem(file: File, rules: Rules) -> Problem | None:
    """What stands in the way of posting this file there, as far as the wiki tells without showing it."""
    if not rules.images or not {"image/jpeg", "image/png"} & set(rules.image_types):
        return Problem(say("picture-none-there", rules.network), say("picture-none-there-remedy"))
    if not file.mime.startswith("image/") and file.mime not in _PAGES:
        return Problem(say("picture-is-none", file.name, file.mime), say("picture-is-none-remedy"))
    if file.mime not in READABLE and not (file.width and file.height):
        return Problem(say("picture-not-drawn", file.name, file.mime), say("picture-not-drawn-remedy"))
    if file.size > LARGEST:
        return Problem(say("picture-too-large", file.name, file.size // 1_000_000), say("picture-too-large-remedy"))
    return None


def fit(data: bytes, mime: str, alt: str, rules: Rules) -> Media:
    """The picture as the network takes it: a JPEG or PNG within `rules`. The same bytes always give the same picture.

    Transparency is kept where the network takes PNG. `mime` is what the wiki calls the file; the bytes themselves tell
    what they are. Raises WikiError, with what to do, where they are no picture or one that cannot be made to fit.
    """
    try:
        painted, is_photo = _painted(data, min(rules.image_side or _SIDE, _SIDE))
        kinds = _kinds(painted, is_photo, rules.image_types)
        side = max(painted.size)
        while kinds and side >= min(_SMALLEST, max(painted.size)):
            picture = _resized(painted, _within(*painted.size, side))
            for kind, options in kinds:
                saved = _saved(picture, kind, options)
                if len(saved) <= rules.image_bytes:
                    return Media(saved, kind, alt, picture.width, picture.height)
            side = int(side * min(max(sqrt(rules.image_bytes / len(saved)), 0.5), _SMALLER))
    except WikiError:
        raise
    except Exception as error:  # a broken or hostile file may raise anything in Pillow
        raise WikiError(say("picture-broken", mime)) from error
    raise WikiError(say("picture-not-small-enough", rules.network))


# --- painting -------------------------------------------------------------------------------------------------------


def _painted(data: bytes, side: int) -> tuple[Image, bool]:
    """The picture upright, in sRGB with or without transparency, and whether it was kept as a photograph is."""
    from PIL import Image

    with _opened(data) as opened:
        profile, turn = opened.info.get("icc_profile"), _TURNS.get(_orientation(opened), "")
        size = _within(*opened.size, side)
        opened.draft(opened.mode, size)  # a large JPEG is unpacked no larger than need be
        picture = _resized(_plain(opened), size)
        is_photo = opened.format in ("JPEG", "MPO", "WEBP")
    picture = _in_srgb(picture, profile)
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if turn:
        picture = picture.transpose(Image.Transpose[turn])
    picture.info = {}  # Pillow would save some of it again
    return picture, is_photo


def _opened(data: bytes) -> Image:
    """The picture, not yet unpacked, provided that there is room for it."""
    from PIL import Image

    try:
        opened = Image.open(BytesIO(data), formats=list(READABLE.values()))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    if opened.width * opened.height > PIXELS:
        raise _too_large()
    return opened


def _too_large() -> WikiError:
    return WikiError(say("picture-too-many-pixels", PIXELS // 1_000_000))


def _orientation(picture: Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a picture with broken EXIF data is a picture
        return 1


def _plain(picture: Image) -> Image:
    """In a mode of 8 bits that can be resized: RGB, RGBA, L or CMYK."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        return picture if picture.mode == "RGBA" else picture.convert("RGBA")
    return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("L" if picture.mode == "1" else "RGB")


def _in_srgb(picture: Image, profile: bytes | None) -> Image:
    """The same colours without a profile; one that is broken, or for pictures of another kind, is passed over."""
    from PIL import ImageCms

    wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
    if not profile:
        return picture.convert(wanted)
    colours, alpha = (picture.convert("RGB"), picture.getchannel("A")) if wanted == "RGBA" else (picture, None)
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        done = ImageCms.profileToProfile(colours, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        done = None
    done = done or colours.convert("RGB")
    if alpha:
        done.putalpha(alpha)
    return done


# --- making it small enough -----------------------------------------------------------------------------------------

_Kind = tuple[str, dict[str, int]]  # a type, and how to save it


def _kinds(picture: Image, is_photo: bool, types: tuple[str, ...]) -> list[_Kind]:
    """The ways to save a picture, best first. A drawing is sharper as PNG, and may do as JPEG."""
    png: list[_Kind] = [("image/png", {})]
    jpeg: list[_Kind] = [("image/jpeg", {"quality": quality}) for quality in _QUALITIES]
    best = png if picture.mode == "RGBA" else jpeg if is_photo else png + jpeg
    return [kind for kind in best if kind[0] in types] or [kind for kind in jpeg + png if kind[0] in types]


def _saved(picture: Image, kind: str, options: Mapping[str, int]) -> bytes:
    there = BytesIO()
    if kind == "image/jpeg" and picture.mode == "RGBA":
        picture = _on_white(picture)
    picture.save(there, READABLE[kind], **options)
    return there.getvalue()


def _on_white(picture: Image) -> Image:
    from PIL import Image

    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    """The size of a picture whose longer side is at most `side`, in the same shape."""
    part = min(1, side / max(width, height))
    return max(1, round(width * part)), max(1, round(height * part))


def _resized(picture: Image, size: tuple[int, int]) -> Image:
    from PIL.Image import Resampling

    return picture.resize(size, Resampling.LANCZOS)  # a copy where the size is the same


# --- whom to name ---------------------------------------------------------------------------------------------------


def credit(told: Mapping[str, Any], name: str) -> str:
    """The line that the licence of a file asks for, such as 'Jane Doe, CC BY-SA 4.0'; '' where it asks for none.

    `told` is the wiki's `extmetadata`: https://www.mediawiki.org/wiki/Extension:CommonsMetadata. A wiki that knows
    nothing of licences, or of this file's, asks for none. Where nobody is named, the name of the file stands for them.
    """
    licence, terms, needed = (_words(told, key) for key in ("LicenseShortName", "UsageTerms", "AttributionRequired"))
    if needed.lower() == "false" or (not licence and needed.lower() != "true") or _FREE.match(licence or terms):
        return ""
    who = _words(told, "Attribution") or _words(told, "Artist")
    if not who or _UNKNOWN.fullmatch(who):
        who = _LINKING.sub("", name)
    if not licence or (licence.lower() in who.lower() and len(who) <= CREDIT):
        return one_line(who, CREDIT)
    licence = one_line(licence, CREDIT // 2)
    return f"{one_line(who, CREDIT - len(licence) - 2)}, {licence}"


_FREE = regex.compile(r"(?i)(public domain|pd\b|cc[ -]?0|cc[ -]zero|no restrictions)")
_UNKNOWN = regex.compile(r"(?i)((unknown|anonymous)( (author|artist|photographer))?|author unknown)")
_LINKING = regex.compile(r"https?://\S+|[@#]")  # would become links and mentions
# Controls, and all that hides or turns round words; not the two joiners that the scripts of India and Iran need.
_UNSEEN = regex.compile(r"[\p{Cc}\p{Co}\p{Cs}]|[\p{Cf}--[\u200C\u200D]]", flags=regex.VERSION1)


def _words(told: Mapping[str, Any], key: str) -> str:
    """One of the values as plain words on one line; they are HTML."""
    value = told.get(key)
    html = value.get("value") if isinstance(value, Mapping) else value
    reader = _Reader()
    reader.feed(html[:4000] if isinstance(html, str) else "")
    reader.close()
    return one_line(_LINKING.sub("", one_line("".join(reader.words), 4000)), 4000).strip(" ,;")


def one_line(words: str, most: int) -> str:
    """Words without line breaks and without characters nobody sees, at most `most` characters and no half ones."""
    line = " ".join(_UNSEEN.sub("", " ".join(words.split())).split())
    if len(line) <= most:
        return line
    kept = ""
    for grapheme in regex.findall(r"\X", line[: 2 * most]):
        if len(kept) + len(grapheme) >= most:
            break
        kept += grapheme
    return f"{kept.rstrip(' ,;')}…"


class _Reader(HTMLParser):
    """The words of some HTML that a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden: list[str] = []  # the elements one is in, from the first that is hidden

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        style = (dict(attrs).get("style") or "").replace(" ", "").lower()
        if tag in _VOID:
            self.words.append(" ")
        elif self._hidden or tag in ("style", "script") or "display:none" in style:
            self._hidden.append(tag)
        elif tag in _BLOCKS:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


_VOID = {"br", "hr", "img", "wbr", "input", "link", "meta"}
_BLOCKS = {"p", "div", "li", "td", "tr", "dd", "dt"}
