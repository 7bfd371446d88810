"""What image files say of themselves, and what they claim falsely."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from antiphon.vision.headers import ImageHeader, read_header, sniff_kind
from tests.fixtures.vision.pictures import (
    encoded,
    gif_claiming,
    jpeg_claiming,
    png_claiming,
    solid,
    webp_claiming,
)

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (300, 200)])
def test_the_size_of_an_honest_file_is_read(kind: str, size: tuple[int, int]) -> None:
    """Kind, width and height come out of the header of each of the four kinds."""
    header = read_header(solid(size=size, kind=kind))
    assert header == ImageHeader(kind.lower(), *size)  # type: ignore[arg-type]  # the name of the kind in lower case
    assert header.pixels == size[0] * size[1]


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"save_all": True, "exif": b"Exif\0\0"}])
def test_every_form_of_webp_is_read(options: dict[str, object]) -> None:
    """Lossless, lossy and extended files hold their size in different places."""
    image = Image.new("RGBA" if "lossless" in options else "RGB", (300, 200), "red")
    assert read_header(encoded(image, "WEBP", **options)) == ImageHeader("webp", 300, 200)


def test_a_progressive_jpeg_with_long_metadata_is_read() -> None:
    """The start of frame is found behind other segments, whatever bytes they hold."""
    image = Image.new("RGB", (30, 20), "red")
    data = encoded(image, "JPEG", progressive=True, icc_profile=b"\xff\xc0" * 50_000)
    assert read_header(data) == ImageHeader("jpeg", 30, 20)


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(60_000, 60_000),
        png_claiming(2**31, 2**31),
        gif_claiming(60_000, 60_000),
        jpeg_claiming(60_000, 60_000),
        webp_claiming(16_000_000, 16_000_000),
    ],
    ids=["png", "png of the largest size", "gif", "jpeg", "webp"],
)
def test_a_bomb_is_known_by_its_header(data: bytes) -> None:
    """The claimed size is told without a look at the rest."""
    assert len(data) < 1000
    assert read_header(data).pixels >= 60_000 * 60_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        SVG,
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"\0\0\0\x1cftypavif" + bytes(60),
        b"MZ" + bytes(60),
        b"<html>" + solid(),
        b"\n" + solid(),
        b"RIFF\0\0\0\0WAVE" + bytes(60),
    ],
)
def test_other_files_are_no_images(data: bytes) -> None:
    """Only the four kinds pass, by the first bytes and not by bytes further in."""
    assert sniff_kind(data) is None
    with pytest.raises(ValueError, match="not a PNG, JPEG, GIF or WebP"):
        read_header(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_cut_header_is_refused(kind: str) -> None:
    """Wherever a file is cut, the answer is its size or a refusal, and with too little it is a refusal."""
    data = solid(size=(3, 2), kind=kind)
    for length in range(len(data)):
        try:
            assert read_header(data[:length]).pixels == 6
        except ValueError:
            assert length < len(data) - 1
    with pytest.raises(ValueError, match=r"."):
        read_header(data[:12])


@pytest.mark.parametrize("data", [png_claiming(0, 5), gif_claiming(5, 0), jpeg_claiming(0, 0)])
def test_an_image_without_pixels_is_refused(data: bytes) -> None:
    """A side of zero is no image."""
    with pytest.raises(ValueError, match="without pixels"):
        read_header(data)


@given(
    st.sampled_from((b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ")),
    st.binary(max_size=200),
)
def test_garbage_behind_magic_bytes_is_a_size_or_a_refusal(magic: bytes, rest: bytes) -> None:
    """No bytes make the reader fail otherwise than by its own refusal."""
    with suppress(ValueError):
        assert read_header(magic + rest).pixels > 0
