"""Images and addresses of images that are none, that lie, or that lead inside: 400 that names the part."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from antiphon.testing.raw_client import request_bytes
from tests.fixtures.vision.pictures import (
    data_url,
    gif_claiming,
    jpeg_claiming,
    png_chunk,
    png_claiming,
    solid,
    webp_claiming,
)

from .case import AUTHORISED, CHAT, JSON, SEEING, Case, chat, good

MEBIBYTE = 1024 * 1024
PART = "messages[0].content[0]*"
PNG = solid()
JPEG = solid(kind="JPEG", size=(64, 64))
REFUSED_FILES: dict[str, Callable[[], bytes]] = {
    "2.5 gigapixels as PNG": lambda: png_claiming(50_000, 50_000),
    "4 gigapixels as JPEG": lambda: jpeg_claiming(65_000, 65_000),
    "268 megapixels as WebP": lambda: webp_claiming(16_384, 16_384),
    "4 gigapixels as GIF": lambda: gif_claiming(65_535, 65_535),
    "frame larger than its GIF": lambda: gif_claiming(8, 8, frame=(65_535, 65_535)),
    "no width": lambda: png_claiming(0, 8),
    "2^31 high": lambda: png_claiming(8, 2**31),
    "no pixels": lambda: png_claiming(8, 8),
    "fewer pixels than told": lambda: png_claiming(1000, 1000, rows=bytes(100)),
    "head alone": lambda: PNG[:8],
    "cut PNG": lambda: PNG[:-30],
    "JPEG of a head": lambda: JPEG[:300],
    "PNG inside out": lambda: PNG[::-1],
    "text of 64 MB in a PNG": lambda: _with_text(64 * MEBIBYTE),
    "HTML": lambda: b"<!doctype html><img src=x onerror=alert(1)>",
    "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "PDF": lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "ZIP": lambda: b"PK\x03\x04" + bytes(100),
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
    "program": lambda: b"\x7fELF" + bytes(200),
    "TIFF": lambda: b"II*\x00\x08\x00\x00\x00" + bytes(100),
    "zeros": lambda: bytes(1000),
    "11 MiB": lambda: PNG + bytes(11 * MEBIBYTE),
}
EITHER_FILES: dict[str, Callable[[], bytes]] = {
    "text behind the image": lambda: PNG + b"<script>alert(1)</script>",
    "end missing": lambda: PNG[:-12],
    "another type than told": lambda: JPEG,
    "one pixel": lambda: solid(size=(1, 1)),
    "as thin as can be": lambda: solid(size=(8192, 1)),
}
REFUSED_URLS: tuple[str, ...] = (
    "", " ", "data:", "data:,", "data:image/png;base64", "data:image/png;base64,", "data:image/png;base64,!!!!",
    "data:image/png;base64,A", "data:text/html,<b>", "data:" + "a" * 10_000, "cid:1", "about:blank", "blob:1",
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1/a.png", "gopher://127.0.0.1:9/_GET",
    "javascript:alert(1)", "unix:/run/docker.sock", "jar:https://127.0.0.1!/a", "http://127.0.0.1/a.png",
    "https://", "https:///a.png", "https://:443/", "//127.0.0.1/a.png", "a.png", "../../etc/passwd",
    "https://127.0.0.1/a.png", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.0.0.1:9/", "https://127.0.0.1:65536/", "https://127.0.0.1:-1/", "https://127.0.0.1:22/",
    "https://0.0.0.0/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[fe80::1]/", "https://[fd00::1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1%25lo]/",
    "https://localhost/", "https://a.localhost/", "https://127.0.0.1@127.0.0.1/", "https://user:word@127.0.0.1/",
    "https://127.0.0.1\\a/", "https://127.0.0.1\t/", "https://127.0.0.1\r\nhost: x/", "https://127.0.0.1\x00.example/",
    "https://１２７.0.0.1/", "https://127。0。0。1/", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://" + "a" * 10_000 + ".example/",
    "https://" + "a." * 5_000 + "example/",
)  # fmt: skip
NO_PARTS: dict[str, JSON] = {
    "no address": {"type": "image_url", "image_url": {}},
    "null address": {"type": "image_url", "image_url": {"url": None}},
    "number as address": {"type": "image_url", "image_url": {"url": 5}},
    "list of addresses": {"type": "image_url", "image_url": {"url": [data_url(PNG)]}},
    "address twice nested": {"type": "image_url", "image_url": {"url": {"url": data_url(PNG)}}},
    "unknown detail": {"type": "image_url", "image_url": {"url": data_url(PNG), "detail": "microscopic"}},
    "number as detail": {"type": "image_url", "image_url": {"url": data_url(PNG), "detail": 1}},
}


def cases() -> list[Case]:
    """All of them, to a model that takes images."""
    good_image = _shown(data_url(PNG))
    return [
        chat("good image", good_image, 200),
        *(_file(f"image: {name}", data, 400) for name, data in REFUSED_FILES.items()),
        *(_file(f"image, either: {name}", data, 200, 400) for name, data in EITHER_FILES.items()),
        *(chat(f"image at {url!r}"[:80], _shown(url), param=PART) for url in REFUSED_URLS),
        *(chat(f"image with {name}", _turn([part]), param=PART) for name, part in NO_PARTS.items()),
        chat("17 images", _turn([_part(data_url(PNG))] * 17), param="messages"),
        chat("16 images of 2.5 gigapixels", _turn([_part(data_url(png_claiming(50_000, 50_000)))] * 16), param=PART),
        chat(
            "second image is broken", _turn([_part(data_url(PNG)), _part("data:,x")]), param="messages[0].content[1]*"
        ),
        chat("good image again", good_image, 200),
    ]


def _file(name: str, data: Callable[[], bytes], *status: int) -> Case:
    """This file as an image, made only when it is sent."""

    def request() -> bytes:
        return request_bytes(CHAT, _shown(data_url(data())), headers=AUTHORISED)

    return Case(name, request, status, PART)


def _shown(url: str) -> JSON:
    return _turn([_part(url)])


def _turn(parts: list[JSON]) -> JSON:
    return good(model=SEEING, messages=[{"role": "user", "content": parts}])


def _part(url: str) -> JSON:
    return {"type": "image_url", "image_url": {"url": url}}


def _with_text(size_bytes: int) -> bytes:
    """A small PNG with a compressed comment that would fill memory."""
    comment = png_chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(size_bytes), 9))
    head_end = PNG.index(b"IHDR") + 4 + 13 + 4
    return PNG[:head_end] + comment + PNG[head_end:]
