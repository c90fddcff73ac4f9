"""Pictures made fit for networks: what comes out, what does not, and whom a picture names."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageDraw, ImageStat

from smbot.errors import WikiError
from smbot.model import File, Media, Rules
from smbot.pictures import CREDIT, PIXELS, credit, fit, problem

RULES = Rules("Anywhere", 500, len, image_types=("image/jpeg", "image/png"))
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SECRET = "52.5200 N, 13.4050 E by Jane"  # what must not travel along


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    there = BytesIO()
    picture.save(there, kind, **options)
    return there.getvalue()


def shown(media: Media) -> Image.Image:
    """The picture that goes out; its type and size are as the Media says."""
    picture = Image.open(BytesIO(media.data))
    assert (picture.get_format_mimetype(), picture.size) == (media.mime, (media.width, media.height))
    picture.load()
    return picture


def fitted(data: bytes, rules: Rules = RULES) -> Image.Image:
    return shown(fit(data, "image/any", "alt", rules))


def near(one: Any, other: tuple[int, ...], by: int = 6) -> bool:
    """Whether two colours look the same, as JPEG understands it."""
    return len(one) == len(other) and all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def scene(size: tuple[int, int] = (80, 60), mode: str = "RGB") -> Image.Image:
    """Red, with a green corner at its upper left."""
    picture = Image.new("RGB", size, RED)
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 4, size[1] // 4), GREEN)
    return picture.convert(mode)


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """A picture that no format makes small; the same every time."""
    data, seed = bytearray(), 1
    while len(data) < size[0] * size[1] * len(mode):
        seed = zlib.crc32(struct.pack(">I", seed))
        data += struct.pack(">I", seed)
    return Image.frombytes(mode, size, bytes(data[: size[0] * size[1] * len(mode)]))


# --- nothing but pixels ---------------------------------------------------------------------------------------------


def told() -> Image.Exif:
    """EXIF data that say where and by whom a photograph was taken, and that it lies on its side."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist], exif[ExifTags.Base.Orientation] = SECRET, 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = SECRET
    return exif


def chatty_png() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key in ("Author", "Comment", "Software"):
        info.add_text(key, SECRET)
    info.add_itxt("XML:com.adobe.xmp", SECRET, zip=True)
    return saved(scene(), "PNG", pnginfo=info, exif=told(), dpi=(300, 300))


CHATTY = {
    "jpeg": lambda: saved(scene(), "JPEG", exif=told(), comment=SECRET.encode(), xmp=SECRET.encode(), quality=95),
    "png": chatty_png,
    "webp": lambda: saved(scene(), "WEBP", exif=told(), xmp=SECRET.encode(), quality=95),
    "gif": lambda: saved(scene(mode="P"), "GIF", comment=SECRET.encode()),
}


@pytest.mark.parametrize("kind", CHATTY)
def test_where_and_by_whom_it_was_taken_stays_here(kind: str) -> None:
    data = CHATTY[kind]()
    assert SECRET.encode() in data
    media = fit(data, f"image/{kind}", "A corner.", RULES)
    assert SECRET.encode() not in media.data
    picture = shown(media)
    assert not picture.getexif()
    assert not {"exif", "xmp", "comment", "icc_profile", "dpi", "Author", "photoshop"} & picture.info.keys()
    if media.mime == "image/png":
        assert chunks(media.data) <= {b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS"}
    assert media.alt == "A corner."


def chunks(png: bytes) -> set[bytes]:
    """The kinds of chunks of a PNG: https://www.w3.org/TR/png-3/#5Chunk-layout"""
    found, at = set(), 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.add(png[at + 4 : at + 8])
        at += 12 + length
    return found


@pytest.mark.parametrize(
    ("tag", "corner"),
    [(1, (2, 2)), (2, (-2, 2)), (3, (-2, -2)), (4, (2, -2)), (5, (2, 2)), (6, (-2, 2)), (7, (-2, -2)), (8, (2, -2))],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_lies_on_its_side_is_turned_upright(kind: str, tag: int, corner: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = tag
    picture = fitted(saved(scene(), kind, exif=exif))
    assert picture.size == ((60, 80) if tag > 4 else (80, 60))
    at = tuple(place % side for place, side in zip(corner, picture.size, strict=True))
    assert near(picture.getpixel((at[0], at[1])), GREEN, 40)


@pytest.mark.filterwarnings("ignore:.*EXIF")  # Pillow's; it goes on
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_broken_data_about_a_picture_do_not_break_it(exif: bytes) -> None:
    assert near(fitted(saved(scene(), "JPEG", exif=exif, quality=95)).getpixel((60, 40)), RED)


# --- colours --------------------------------------------------------------------------------------------------------


def profile(colours: str = "sRGB") -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(colours)).tobytes()


def swapped() -> bytes:
    """An sRGB profile with the colorants of red and blue exchanged, so that whoever heeds it sees blue for red."""
    found = profile()
    return found.replace(b"rXYZ", b"?XYZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"?XYZ", b"bXYZ", 1)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB")]
)
def test_colours_are_what_the_profile_says(kind: str, mode: str) -> None:
    picture = fitted(saved(scene(mode=mode), kind, icc_profile=swapped(), **({"quality": 95} if kind != "PNG" else {})))
    assert near(picture.getpixel((60, 40))[:3], BLUE, 12)
    assert near(picture.getpixel((2, 2))[:3], GREEN, 40)


@pytest.mark.parametrize("given_", [b"no profile", swapped()[:200], profile("LAB"), profile()])
def test_a_profile_that_says_nothing_changes_no_colours(given_: bytes) -> None:
    assert near(fitted(saved(scene(), "PNG", icc_profile=given_)).getpixel((60, 40)), RED)


def test_transparency_survives_a_profile() -> None:
    picture = scene(mode="RGBA")
    picture.putpixel((70, 50), (*RED, 0))
    picture.putpixel((71, 50), (*RED, 128))
    out = fitted(saved(picture, "PNG", icc_profile=swapped()))
    assert [out.getpixel(at)[3] for at in ((70, 50), (71, 50), (0, 0))] == [0, 128, 255]
    assert near(out.getpixel((71, 50)), (*BLUE, 128), 12)


def test_printers_colours_become_those_of_screens() -> None:
    for options in ({}, {"icc_profile": b"broken"}):
        assert near(fitted(saved(scene(mode="CMYK"), "JPEG", quality=95, **options)).getpixel((60, 40)), RED, 12)


def test_sixteen_bits_of_grey_become_eight_and_are_not_cut_off() -> None:
    picture = Image.new("I;16", (40, 40), 0x8000)
    picture.putpixel((1, 1), 0xFFFF)
    out = fitted(saved(picture, "PNG"))
    assert (out.getpixel((20, 20)), out.getpixel((1, 1)), out.getpixel((0, 0))) == ((128,) * 3, (255,) * 3, (128,) * 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_pictures_of_every_mode_come_through(mode: str) -> None:
    kind = {"CMYK": "JPEG", "YCbCr": "JPEG", "PA": "GIF"}.get(mode, "PNG")
    picture = scene(mode="RGBA" if mode == "PA" else mode)
    assert fitted(saved(picture, kind)).size == (80, 60)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_stays_transparent(kind: str) -> None:
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([*RED, *GREEN])
    picture.putpixel((1, 1), 1)
    out = fitted(saved(picture, kind, transparency=1))
    assert out.mode == "RGBA"
    assert (out.getpixel((1, 1))[3], out.getpixel((20, 20))) == (0, (*RED, 255))


def test_where_only_jpeg_is_taken_what_is_transparent_becomes_white() -> None:
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    out = fitted(saved(picture, "PNG"), replace(RULES, image_types=("image/jpeg",)))
    assert (out.format, near(out.getpixel((5, 5)), WHITE)) == ("JPEG", True)


# --- type and size --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mode", "types", "wanted"),
    [
        ("JPEG", "RGB", RULES.image_types, "JPEG"),
        ("JPEG", "L", RULES.image_types, "JPEG"),
        ("MPO", "RGB", RULES.image_types, "JPEG"),
        ("WEBP", "RGB", RULES.image_types, "JPEG"),
        ("PNG", "RGB", RULES.image_types, "PNG"),
        ("GIF", "P", RULES.image_types, "PNG"),
        ("PNG", "RGB", ("image/jpeg", "image/gif"), "JPEG"),
        ("JPEG", "RGB", ("image/gif", "image/png"), "PNG"),
        ("PNG", "RGBA", ("image/png", "image/webp"), "PNG"),
    ],
)
def test_it_gets_a_type_that_the_network_takes(kind: str, mode: str, types: tuple[str, ...], wanted: str) -> None:
    assert fitted(saved(scene(mode=mode), kind), replace(RULES, image_types=types)).format == wanted


@pytest.mark.parametrize(("size", "side", "wanted"), [
    ((300, 200), 100, (100, 67)), ((200, 300), 100, (67, 100)), ((100, 50), 100, (100, 50)), ((1, 900), 100, (1, 100)),
    ((5000, 100), 0, (2560, 51)), ((1, 1), 100, (1, 1)),
])  # fmt: skip
def test_its_longer_side_is_no_longer_than_it_may_be(size: tuple[int, int], side: int, wanted: tuple[int, int]) -> None:
    assert fitted(saved(scene(size), "PNG"), replace(RULES, image_side=side)).size == wanted


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "PNG"), ("RGBA", "PNG"), ("RGB", "JPEG")])
@pytest.mark.parametrize("most", [100_000, 20_000, 3_000])
def test_it_is_made_as_small_as_it_must_be(mode: str, kind: str, most: int) -> None:
    rules = replace(RULES, image_bytes=most)
    media = fit(saved(noise((400, 300), mode), kind), "image/png", "", rules)
    assert len(media.data) <= most
    assert shown(media).format == ("PNG" if mode == "RGBA" else "JPEG")
    assert media.width / media.height == pytest.approx(4 / 3, rel=0.05)


def test_a_drawing_that_fits_stays_as_sharp_as_it_is() -> None:
    drawing = scene((400, 300))
    assert fitted(saved(drawing, "PNG"), replace(RULES, image_bytes=5_000)).tobytes() == drawing.tobytes()


def test_what_cannot_be_made_small_enough_is_said() -> None:
    with pytest.raises(WikiError, match=r"cannot be made small enough for Anywhere\. Choose"):
        fit(saved(noise((400, 300)), "PNG"), "image/png", "", replace(RULES, image_bytes=100))
    with pytest.raises(WikiError, match="cannot be made small enough"):
        fit(saved(scene(), "PNG"), "image/png", "", replace(RULES, image_types=("image/gif",)))


def test_a_photograph_of_20_megapixels_is_no_trouble() -> None:
    rules = replace(RULES, image_side=2000, image_bytes=1_000_000)
    picture = scene((5472, 3648))
    media = fit(saved(picture, "JPEG"), "image/jpeg", "", rules)
    assert (media.width, media.height) == (2000, 1333)
    assert near(shown(media).getpixel((1500, 1000)), RED)


def test_a_photograph_made_smaller_is_as_sharp_as_a_drawing() -> None:
    picture = noise((250, 150), "L").resize((2000, 1200), Image.Resampling.NEAREST)
    photograph, drawing = (
        fitted(saved(picture, kind, quality=98), replace(RULES, image_side=500)) for kind in ("JPEG", "PNG")
    )
    assert max(ImageStat.Stat(ImageChops.difference(photograph, drawing)).mean) < 12


def test_the_same_picture_always_comes_out_the_same() -> None:
    data = saved(noise((300, 200)), "JPEG", exif=told())
    assert fit(data, "image/jpeg", "", RULES) == fit(data, "image/jpeg", "", RULES)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_goes_out(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, GREEN, BLUE)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    out = fitted(data)
    assert near(out.getpixel((5, 5)), RED)
    assert getattr(out, "n_frames", 1) == 1


# --- what is no picture ---------------------------------------------------------------------------------------------


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that claims to be of some size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(PIXELS, 2), (100_000, 100_000), (8000, 8000)])
def test_a_picture_that_would_fill_the_memory_is_not_opened(size: tuple[int, int]) -> None:
    bomb = png(*size, zlib.compress(bytes(10_000_000)))
    with pytest.raises(WikiError, match=r"has more than 25 million pixels\. Upload a smaller one"):
        fit(bomb, "image/png", "", RULES)


BROKEN: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "words": lambda: b"<html>Not found</html>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "half a jpeg": lambda: (data := saved(noise((300, 200)), "JPEG"))[: len(data) // 2],
    "half a png": lambda: (data := saved(noise((300, 200)), "PNG"))[: len(data) // 2],
    "half a gif": lambda: (data := saved(noise((300, 200)).convert("P"), "GIF"))[: len(data) // 2],
    "half a webp": lambda: (data := saved(noise((300, 200)), "WEBP"))[: len(data) // 2],
    "a beginning": lambda: saved(scene(), "PNG")[:20],
    "a png of nothing": lambda: png(0, 0),
    "another kind": lambda: saved(scene(), "BMP"),
    "a tiff": lambda: saved(scene(), "TIFF"),
    "postscript": lambda: saved(scene(), "EPS"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_whole_picture_is_refused_with_what_to_do(what: str) -> None:
    with pytest.raises(WikiError, match=r"\(image/x\) cannot be read: .* Upload it anew\."):
        fit(BROKEN[what](), "image/x", "", RULES)


@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=9),
)
def test_no_file_however_spoilt_raises_anything_else(kind: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(saved(scene((20, 12)).convert("P" if kind == "GIF" else "RGB"), kind))
    for place, byte in changes:
        data[int(place * (len(data) - 1))] = byte
    with contextlib.suppress(WikiError):
        assert fit(bytes(data), "image/x", "", RULES).data


# --- what is known before -------------------------------------------------------------------------------------------

FILE = File("Cat.png", "https://wiki.test/Cat.png", "image/png", 9, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ({}, {}),
        ({"mime": "image/svg+xml", "width": 10, "height": 10}, {}),
        ({"mime": "application/pdf", "width": 10, "height": 10}, {}),
        ({"mime": "image/tiff", "width": 10, "height": 10, "size": 200_000_000}, {}),
        ({"mime": "image/webp", "size": 60_000_000}, {"image_bytes": 1_000_000}),
        ({"mime": "image/gif"}, {"image_types": ("image/jpeg",)}),
    ],
)
def test_what_can_be_made_fit_is_no_problem(file: dict[str, Any], rules: dict[str, Any]) -> None:
    assert problem(replace(FILE, **file), replace(RULES, **rules)) is None


@pytest.mark.parametrize(
    ("file", "rules", "said"),
    [
        ({}, {"images": 0}, "Anywhere takes no pictures."),
        ({}, {"image_types": ("image/gif",)}, "Anywhere takes no pictures."),
        ({"mime": "audio/ogg"}, {}, "‘Cat.png’ is no picture (audio/ogg)."),
        ({"mime": "video/webm", "width": 10, "height": 10}, {}, "‘Cat.png’ is no picture (video/webm)."),
        ({"mime": "application/ogg"}, {}, "‘Cat.png’ is no picture (application/ogg)."),
        ({"mime": "image/svg+xml"}, {}, "The wiki cannot draw ‘Cat.png’ (image/svg+xml)."),
        ({"mime": "application/pdf"}, {}, "The wiki cannot draw ‘Cat.png’ (application/pdf)."),
        ({"size": 300_000_000}, {}, "‘Cat.png’ is too large (300 MB)."),
    ],
)
def test_what_cannot_is_told_with_a_remedy(file: dict[str, Any], rules: dict[str, Any], said: str) -> None:
    found = problem(replace(FILE, **file), replace(RULES, **rules))
    assert found is not None
    assert found.message == said
    assert found.remedy


# --- whom it names --------------------------------------------------------------------------------------------------


def about(**values: str) -> dict[str, Any]:
    """As https://commons.wikimedia.org/wiki/Commons:Machine-readable_data shows it."""
    return {key: {"value": value, "source": "commons-desc-page", "hidden": ""} for key, value in values.items()}


BY_SA = {"LicenseShortName": "CC BY-SA 4.0", "AttributionRequired": "true"}
JANE = '<a href="//commons.wikimedia.org/wiki/User:Jane" title="User:Jane">Jane Doe</a>'
HIDDEN = '<span>Unknown author</span><span style="display: none;">Unknown author</span>'


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({**BY_SA, "Artist": "Jane Doe"}, "Jane Doe, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": JANE}, "Jane Doe, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": f"<p>{JANE}<br>and <b>J&ouml;rg</b></p>"}, "Jane Doe and Jörg, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "ଓଡ଼ିଆ ଲେଖକ"}, "ଓଡ଼ିଆ ଲେଖକ, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "می‌خواهم"}, "می‌خواهم, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "Jane", "Attribution": "© Jane Doe / example"}, "© Jane Doe / example, CC BY-SA 4.0"),
        ({**BY_SA, "Attribution": "Jane, CC BY-SA 4.0"}, "Jane, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "evil\u202ecod.exe @everyone #tag"}, "evilcod.exe everyone tag, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "Jane https://x.example/a?b Doe\n\n[[x]]"}, "Jane Doe [[x]], CC BY-SA 4.0"),
        ({**BY_SA, "Artist": "Jane<style>.a{}</style><script>alert(1)</script> Doe"}, "Jane Doe, CC BY-SA 4.0"),
        (BY_SA, "Cat.png, CC BY-SA 4.0"),
        ({**BY_SA, "Artist": HIDDEN}, "Cat.png, CC BY-SA 4.0"),
        ({"LicenseShortName": "Some licence", "Artist": "Jane"}, "Jane, Some licence"),
        ({"AttributionRequired": "true", "Artist": "Jane"}, "Jane"),
        ({**BY_SA, "AttributionRequired": "false", "Artist": "Jane"}, ""),
        ({"LicenseShortName": "Public domain", "Artist": "Jane"}, ""),
        ({"LicenseShortName": "CC0", "Artist": "Jane"}, ""),
        ({"LicenseShortName": "PD-old-100", "AttributionRequired": "true"}, ""),
        ({"Artist": "Jane", "UsageTerms": "Ask me"}, ""),
        ({}, ""),
    ],
)
def test_a_credit_names_the_author_and_the_licence_where_it_has_to(values: dict[str, str], wanted: str) -> None:
    assert credit(about(**values), "Cat.png") == wanted


def test_a_long_name_is_cut_between_letters_and_the_licence_stays() -> None:
    line = credit(about(**BY_SA, Artist="କ୍ଷି" * 90), "Cat.png")
    assert line.endswith("କ୍ଷି…, CC BY-SA 4.0")
    assert len(line) <= CREDIT
    assert len(credit(about(LicenseShortName="x" * 500, Artist="y" * 500), "Cat.png")) <= CREDIT
    assert len(credit(about(AttributionRequired="true", Attribution="y" * 500), "Cat.png")) <= CREDIT


VALUES = st.text(max_size=300) | st.none() | st.integers()
KEYS = st.sampled_from(["Artist", "Attribution", "LicenseShortName", "AttributionRequired"])


@given(st.dictionaries(KEYS, VALUES | st.fixed_dictionaries({"value": VALUES})))
def test_whatever_the_wiki_tells_the_credit_is_one_short_line(told_: dict[str, Any]) -> None:
    line = credit(told_, "Cat.png")
    assert len(line) <= CREDIT
    assert len(line.splitlines()) <= 1
    assert not {"@", "#", "\u202e", "\u200b"} & set(line)
