"""The one door for images: every bad one is a `BadRequest` that names the field, every good one a clean data URL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from antiphon.errors import BadRequest, ConfigError, Unavailable
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from tests.fixtures.vision.pictures import (
    BLUE,
    RED,
    data_url,
    encoded,
    gif_claiming,
    jpeg_claiming,
    opened,
    png_chunk,
    png_claiming,
    solid,
    webp_claiming,
)

PARAM = "messages[0].content[1].image_url.url"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@pytest.fixture
async def admission() -> AsyncIterator[ImageAdmission]:
    """An admission that fetches nothing."""
    admission = ImageAdmission(ImageLimits())
    yield admission
    await admission.close()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_good_image_comes_out_clean(admission: ImageAdmission, kind: str) -> None:
    """Each of the four kinds, with whatever declared type, becomes a PNG or JPEG with the same pixels."""
    url = await admission.admit(data_url(solid(BLUE, kind=kind), media_type="image/bmp"), param=PARAM)
    assert url.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
    image = opened(url)
    assert image.size == (8, 8)
    pixel = image.getpixel((4, 4))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 250
    assert pixel[0] < 5


async def test_a_foreign_tail_is_cut_off(admission: ImageAdmission) -> None:
    """Of a file that is an image and something else as well only the image gets through."""
    for kind in ("PNG", "JPEG", "GIF"):
        polyglot = solid(RED, kind=kind) + b"PK\x03\x04<html><script>alert(1)</script>"
        url = await admission.admit(data_url(polyglot), param=PARAM)
        assert b"script" not in encoded(opened(url), "BMP")
        assert len(url) < 2000


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (SVG, "not a PNG, JPEG, GIF or WebP"),
        (b"<!DOCTYPE html>", "not a PNG, JPEG, GIF or WebP"),
        (b"GIF8", "not a PNG, JPEG, GIF or WebP"),
        (b"BM" + solid(), "not a PNG, JPEG, GIF or WebP"),
        (png_claiming(60_000, 60_000), "more than 16777216 pixels"),
        (png_claiming(60_000, 60_000, rows=bytes(1_000_000)), "more than 16777216 pixels"),
        (png_claiming(4097, 4096), "more than 16777216 pixels"),
        (jpeg_claiming(60_000, 60_000), "more than 16777216 pixels"),
        (gif_claiming(60_000, 60_000), "more than 16777216 pixels"),
        (webp_claiming(16_000, 16_000), "more than 16777216 pixels"),
        (gif_claiming(10, 10, frame=(60_000, 60_000)), "too many pixels"),
        (webp_claiming(100, 100), "broken"),
        (png_claiming(4000, 4000), "broken"),
        (png_claiming(0, 0), "without pixels"),
        (solid()[:-30], "broken"),
        (solid(size=(90, 90), kind="JPEG")[:-300], "broken"),
        (solid().replace(b"IDAT", b"IDAT"[::-1]), "broken"),
    ],
)
async def test_a_bad_file_is_a_bad_request(admission: ImageAdmission, data: bytes, rule: str) -> None:
    """Other kinds, bombs, lying, cut and corrupt files are refused with the field and the rule."""
    with pytest.raises(BadRequest, match=rule) as refusal:
        await admission.admit(data_url(data), param=PARAM)
    assert refusal.value.param == PARAM
    assert refusal.value.message.startswith(f"{PARAM}: ")


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(50_000_000))),
        png_chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(50_000_000))),
        png_chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(50_000_000))),
    ],
    ids=["text", "profile", "international text"],
)
async def test_a_bomb_beside_the_pixels_is_harmless(admission: ImageAdmission, chunk: bytes) -> None:
    """Metadata that unpack to fifty megabytes are refused or passed over, within the limits of the process."""
    honest = solid()
    with suppress(BadRequest):
        assert len(await admission.admit(data_url(honest[:33] + chunk + honest[33:]), param=PARAM)) < 1000
    assert await admission.admit(data_url(honest), param=PARAM)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "data:image/png;base64,%%%",
        "data:image/png",
        "file:///etc/passwd",
        "ftp://a.example/a.png",
        "https://a.example/a.png",
        "http://127.0.0.1/",
        "https://a.example/\ud800",
        "\x00",
    ],
)
async def test_an_unusable_url_is_a_bad_request(admission: ImageAdmission, url: str) -> None:
    """Without fetching there is nothing but data URLs."""
    with pytest.raises(BadRequest) as refusal:
        await admission.admit(url, param=PARAM)
    assert refusal.value.param == PARAM
    assert refusal.value.message.startswith(f"{PARAM}: ")


async def test_an_oversized_data_url_is_a_bad_request(admission: ImageAdmission) -> None:
    """The limit is on the decoded bytes, whatever they hold."""
    url = data_url(solid() + bytes(10 * 1024 * 1024))
    with pytest.raises(BadRequest, match="larger than 10485760 bytes"):
        await admission.admit(url, param=PARAM)


async def test_the_number_of_images_is_limited(admission: ImageAdmission) -> None:
    """Sixteen images pass by default, seventeen do not."""
    admission.check_count(16)
    with pytest.raises(BadRequest, match="at most 16 images") as refusal:
        admission.check_count(17)
    assert refusal.value.param == "messages"


async def test_too_many_images_under_way_are_answered_later() -> None:
    """Beyond `pending_max` the caller is told to come back, and afterwards may."""
    admission = ImageAdmission(ImageLimits(pending_max=2))
    url = data_url(solid())
    results = await asyncio.gather(*(admission.admit(url, param=PARAM) for _ in range(5)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert [refusal.retry_after_s for refusal in refused] == [1, 1, 1]
    assert await admission.admit(url, param=PARAM)
    await admission.close()


async def test_without_room_in_memory_none_is_taken() -> None:
    """Whoever knows how full the memory is refuses before anything is read."""

    def none_left() -> None:
        raise Unavailable("No room.", retry_after_s=9)

    admission = ImageAdmission(ImageLimits(), require_room=none_left)
    with pytest.raises(Unavailable, match="No room"):
        await admission.admit(data_url(solid(BLUE)), param=PARAM)
    await admission.close()


def test_a_malformed_network_stops_the_start() -> None:
    """A network that is none is found when the gateway starts, not with the first image."""
    with pytest.raises(ConfigError, match="CIDR"):
        ImageAdmission(ImageLimits(fetch="public", networks_allowed=("10.0.0.0/33",)))


def test_the_gateway_loads_no_image_library() -> None:
    """Importing and building everything leaves Pillow to the child."""
    script = (
        "import sys; from antiphon.vision.admission import ImageAdmission;"
        "from antiphon.vision.limits import ImageLimits;"
        "ImageAdmission(ImageLimits(fetch='public'));"
        "sys.exit(any(name.split('.')[0] == 'PIL' for name in sys.modules))"
    )
    source = Path(sys.modules[ImageAdmission.__module__].__file__ or "").parents[2]
    subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(source)}, check=True)


async def test_sixteen_megapixels_pass(admission: ImageAdmission) -> None:
    """An image of exactly the limit is decoded."""
    largest = encoded(Image.new("L", (4096, 4096), 255), "PNG")
    assert opened(await admission.admit(data_url(largest), param=PARAM)).size == (4096, 4096)
