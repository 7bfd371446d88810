"""What the decoder makes of honest and of broken image files, tried in this process."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import suppress

import pytest
from PIL import Image, PngImagePlugin

from antiphon.vision.decoder_child import Decoder
from tests.fixtures.vision.pictures import (
    BLUE,
    RED,
    WHITE,
    encoded,
    gif_claiming,
    opened,
    png_claiming,
    solid,
)

Pixel = tuple[int, ...]


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """A decoder of small images; Pillow's limit is put back afterwards."""
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        yield Decoder(pixels_max=10_000)
    Image.MAX_IMAGE_PIXELS = limit


def clean(decoder: Decoder, data: bytes) -> Image.Image:
    """Return what an engine would see, after checking that it is plain."""
    url = decoder.clean(data).decode("ascii")
    image = opened(url)
    assert image.mode == "RGB"
    assert url.startswith(f"data:image/{str(image.format).lower()};base64,")
    return image


def is_near(image: Image.Image, place: tuple[int, int], colour: Pixel) -> bool:
    """Return whether a pixel has a colour, but for what JPEG loses."""
    pixel = image.getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(got - wanted) <= 6 for got, wanted in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_kind_keeps_its_colour(decoder: Decoder, kind: str) -> None:
    """A red image is red whatever it came as; JPEG stays JPEG, all else becomes PNG."""
    image = clean(decoder, solid(RED, size=(20, 10), kind=kind))
    assert image.size == (20, 10)
    assert image.format == ("JPEG" if kind == "JPEG" else "PNG")
    assert is_near(image, (10, 5), RED)


@pytest.mark.parametrize(
    ("image", "kind", "colour"),
    [
        (Image.new("P", (8, 8), 0), "PNG", (0, 0, 0)),
        (Image.new("RGB", (8, 8), RED).quantize(4), "PNG", RED),
        (Image.new("L", (8, 8), 128), "PNG", (128, 128, 128)),
        (Image.new("1", (8, 8), 1), "PNG", WHITE),
        (Image.new("I;16", (8, 8), 0x8000), "PNG", (128, 128, 128)),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 255)), "PNG", RED),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG", WHITE),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG", (127, 127, 127)),
        (Image.new("LA", (8, 8), (0, 0)), "PNG", WHITE),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "WEBP", WHITE),
        (Image.new("L", (8, 8), 128), "JPEG", (128, 128, 128)),
        (Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", RED),
    ],
)
def test_every_mode_becomes_rgb_on_white(decoder: Decoder, image: Image.Image, kind: str, colour: Pixel) -> None:
    """Palettes, grey, one bit, sixteen bits, CMYK and transparency come out as the eye would see them on paper."""
    assert is_near(clean(decoder, encoded(image, kind)), (4, 4), colour)


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_a_transparent_colour_is_transparent(decoder: Decoder, mode: str) -> None:
    """The one colour that a file without alpha channel may name as transparent shows white."""
    colour: int | tuple[int, ...] = (0, 0, 0) if mode == "RGB" else 0
    data = encoded(Image.new(mode, (8, 8), colour), "PNG", transparency=colour)
    assert is_near(clean(decoder, data), (4, 4), WHITE)


def test_of_an_animation_the_first_frame_counts(decoder: Decoder) -> None:
    """Later frames are not looked at."""
    frames = [Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert is_near(clean(decoder, data), (4, 4), RED)


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        *[(1, (20, 10), (0, 0)), (2, (20, 10), (19, 0)), (3, (20, 10), (19, 9)), (4, (20, 10), (0, 9))],
        *[(5, (10, 20), (0, 0)), (6, (10, 20), (9, 0)), (7, (10, 20), (9, 19)), (8, (10, 20), (0, 19))],
        *[(0, (20, 10), (0, 0)), (9, (20, 10), (0, 0))],
    ],
)
def test_the_image_is_turned_upright(
    decoder: Decoder, orientation: int, size: tuple[int, int], corner: tuple[int, int]
) -> None:
    """The corner that was top left lies where each EXIF orientation says; unknown ones turn nothing."""
    image = Image.new("RGB", (20, 10), WHITE)
    image.paste(BLUE, (0, 0, 3, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = clean(decoder, encoded(image, "PNG", exif=exif))
    assert upright.size == size
    assert is_near(upright, corner, BLUE)


def test_broken_exif_data_turn_nothing(decoder: Decoder) -> None:
    """An image with unreadable EXIF data is still an image."""
    data = encoded(Image.new("RGB", (20, 10), RED), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert clean(decoder, data).size == (20, 10)


def test_no_metadata_get_through(decoder: Decoder) -> None:
    """Texts, profiles and whatever follows the image stay behind."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "SECRET")
    data = encoded(Image.new("RGB", (8, 8), RED), "PNG", pnginfo=texts, icc_profile=b"SECRET") + b"<script>SECRET"
    image = clean(decoder, data)
    assert image.info == {}
    jpeg = encoded(Image.new("RGB", (8, 8), RED), "JPEG", comment=b"SECRET")
    assert b"SECRET" not in encoded(clean(decoder, jpeg), "BMP")
    assert "comment" not in clean(decoder, jpeg).info


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        encoded(Image.new("RGB", (8, 8)), "BMP"),
        encoded(Image.new("RGB", (8, 8)), "TIFF"),
        solid(kind="PNG")[:50],
        solid(size=(90, 90), kind="JPEG")[:-200],
        solid(size=(90, 90), kind="WEBP")[:-20],
        solid(kind="PNG").replace(b"IDAT", b"IDAX"),
        png_claiming(90, 90),
        png_claiming(90, 90, rows=b"\0" * 100),
        png_claiming(60_000, 60_000),
        png_claiming(101, 100),
        gif_claiming(10, 10, frame=(60_000, 60_000)),
        b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0),
    ],
)
def test_broken_and_foreign_files_fail_as_expected(decoder: Decoder, data: bytes) -> None:
    """Cut, corrupt, too large and other kinds of files raise one of the failures that the process answers."""
    with pytest.raises(decoder.failures):
        decoder.clean(data)


def test_any_flipped_byte_is_an_image_or_a_known_failure(decoder: Decoder) -> None:
    """Damage at any byte of a small file never raises anything that would end the process."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        data = solid(size=(9, 7), kind=kind)
        for position in range(len(data)):
            damaged = bytearray(data)
            damaged[position] ^= 0xFF
            with suppress(*decoder.failures):
                assert decoder.clean(bytes(damaged)).startswith(b"data:image/")
