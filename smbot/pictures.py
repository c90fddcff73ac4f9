"""From a picture on the wiki to one that a network takes: turned upright, in sRGB, small enough, with nothing hidden in it.

Where and with what a photograph was taken is nobody's business, so what goes out is painted anew and carries pixels only.
An animation gives its first picture: networks disagree too much on what else to do with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any

import regex

from smbot.errors import WikiError
from smbot.model import File, Media, Problem, Rules

if TYPE_CHECKING:
    from PIL.Image import Image

READABLE = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}  # what is opened here
PIXELS = 40_000_000  # that are unpacked at most: 160 MB
LARGEST = 250_000_000  # bytes of a file that a wiki may still make a smaller picture of
CREDIT = 80  # characters of a credit line: what smbot.compose keeps free for it

_SIDE = 4096  # pixels; no network shows more
_SMALLEST = 32  # pixels of the longer side below which a picture says nothing
_QUALITIES = (90, 82, 72)  # of a JPEG, tried before it is made smaller
_SMALLER = 0.8
_PAGES = ("application/pdf", "image/vnd.djvu")  # of which wikis show the first page
# What has to be done to stand upright, by the EXIF tag 274: https://exiftool.org/TagNames/EXIF.html
_TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
          7: "TRANSVERSE", 8: "ROTATE_90"}  # fmt: skip
_ORIENTATION = 0x0112


def problem(file: File, rules: Rules) -> Problem | None:
    """What stands in the way of posting this file there, as far as the wiki tells without showing it."""
    if not rules.images or not {"image/jpeg", "image/png"} & set(rules.image_types):
        return Problem(f"{rules.network} takes no pictures.", "Remove the image, or the account.")
    if not file.mime.startswith("image/") and file.mime not in _PAGES:
        return Problem(f"‘{file.name}’ is no picture ({file.mime}).", "Choose a picture, such as a PNG or JPEG file.")
    if file.mime not in READABLE and not (file.width and file.height):
        return Problem(f"The wiki cannot draw ‘{file.name}’ ({file.mime}).", "Upload it as PNG or JPEG.")
    if file.size > LARGEST:
        return Problem(f"‘{file.name}’ is too large ({file.size // 1_000_000} MB).", "Upload a smaller version.")
    return None


def fit(data: bytes, mime: str, alt: str, rules: Rules) -> Media:
    """The picture as the network takes it: a JPEG or PNG within `rules`. The same bytes always give the same picture.

    Transparency is kept where the network takes PNG. `mime` is what the wiki calls the file; the bytes themselves tell
    what they are. Raises WikiError, with what to do, where they are no picture or one that cannot be made to fit.
    """
    try:
        painted, is_photo = _painted(data, min(rules.image_side or _SIDE, _SIDE))
        for type_, picture in _versions(painted, is_photo, rules.image_types):
            saved = _saved(picture, *type_)
            if len(saved) <= rules.image_bytes:
                return Media(saved, type_[0], alt, picture.width, picture.height)
    except WikiError:
        raise
    except Exception as error:  # a broken or hostile file may raise anything in Pillow
        raise WikiError(f"The picture ({mime}) cannot be read: it is broken, or no picture. Upload it anew.") from error
    raise WikiError(f"The picture cannot be made small enough for {rules.network}. Choose a simpler one.")


# --- painting -------------------------------------------------------------------------------------------------------


def _painted(data: bytes, side: int) -> tuple[Image, bool]:
    """The picture upright, in sRGB with or without transparency, and whether it was kept as a photograph is."""
    from PIL import Image

    with Image.open(BytesIO(data), formats=list(READABLE.values())) as opened:
        width, height = opened.size
        if width * height > PIXELS:
            raise WikiError(f"The picture is too large to be opened ({width} × {height} pixels). Upload a smaller one.")
        profile, turn = opened.info.get("icc_profile"), _TURNS.get(_orientation(opened), "")
        size = _within(width, height, side)
        opened.draft(opened.mode, size)  # a large JPEG is unpacked no larger than need be
        picture = _resized(_plain(opened), size)
        is_photo = opened.format in ("JPEG", "MPO", "WEBP")
    picture = _in_srgb(picture, profile)
    if picture.mode == "RGBA" and picture.getextrema()[3] == (255, 255):
        picture = picture.convert("RGB")
    if turn:
        picture = picture.transpose(Image.Transpose[turn])
    picture.info = {}  # Pillow would save some of it again
    return picture, is_photo


def _orientation(picture: Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a picture with broken EXIF data is a picture
        return 1


def _plain(picture: Image) -> Image:
    """In a mode of 8 bits that can be resized: RGB, RGBA, L or CMYK."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode in ("RGB", "L", "CMYK"):
        picture.load()
        return picture.copy()
    return picture.convert("L" if picture.mode == "1" else "RGB")


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


def _versions(
    picture: Image, is_photo: bool, types: tuple[str, ...]
) -> Iterator[tuple[tuple[str, dict[str, Any]], Image]]:
    """The ways to save it, best first; each time they are used up it gets smaller."""
    png: list[tuple[str, dict[str, Any]]] = [("image/png", {"optimize": True})]
    jpeg = [("image/jpeg", {"quality": quality, "optimize": True}) for quality in _QUALITIES]
    if picture.mode == "RGBA" and "image/png" in types:
        ways = png
    else:
        picture = _on_white(picture)
        ways = jpeg + png if is_photo else png + jpeg
        ways = [way for way in ways if way[0] in types]
        ways = ways[: len(jpeg)] if is_photo and len(ways) > len(jpeg) else ways  # a photograph is smallest as JPEG
    while max(picture.size) >= _SMALLEST or picture.size == picture.size:
        for way in ways:
            yield way, picture
        smaller = _within(*picture.size, int(max(picture.size) * _SMALLER))
        if smaller == picture.size or max(smaller) < _SMALLEST:
            return
        picture = _resized(picture, smaller)
