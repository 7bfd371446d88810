"""The decoder process: strangers' image files in, clean ones out, under limits of memory and processor time.

Runs as a script of its own and imports nothing of the gateway; the gateway imports only the wire format from here.
Frames on the pipes: in, a length (4 bytes, big endian) and an image file; out, a status byte, a length and a payload.
"""

from __future__ import annotations

import base64
import io
import os
import resource
import struct
import sys
import warnings
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.Image import Image

REQUEST_HEAD = struct.Struct("!I")
REPLY_HEAD = struct.Struct("!BI")
READY, DONE, REFUSED = range(3)  # statuses; the payload of DONE is a data URL, of REFUSED a reason

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
# A PNG of photographic noise costs most of its time in zlib: level 1 halves that for a tenth more bytes.
_PNG_LEVEL = 1
_JPEG_QUALITY = 95
_EXIF_ORIENTATION = 0x0112
_FILES_OPEN_MAX = 32


def main(arguments: list[str]) -> None:
    """Serve until the input ends. Arguments: pixels_max, memory_bytes_max, cpu_s_max (for one image)."""
    pixels_max, memory_bytes_max, cpu_s_max = (int(argument) for argument in arguments)
    requests, replies = _take_pipes()
    decoder = Decoder(pixels_max)
    _limit_process(memory_bytes_max)
    _write(replies, READY, b"")
    while True:
        head = requests.read(REQUEST_HEAD.size)
        if len(head) < REQUEST_HEAD.size:
            return
        (length,) = REQUEST_HEAD.unpack(head)
        data = requests.read(length)
        if len(data) < length:
            return
        _limit_cpu(cpu_s_max)
        try:
            status, payload = DONE, decoder.clean(data)
        except decoder.failures as failure:
            status, payload = REFUSED, _reason(failure).encode("ascii")
        _write(replies, status, payload)


class Decoder:
    """Pillow, imported once and told to be strict."""

    def __init__(self, pixels_max: int) -> None:
        # Imported here, so that the gateway, which imports this module for the wire format, never loads Pillow.
        from PIL import Image, WebPImagePlugin  # noqa: F401  (loaded now, for later no file can be opened)

        Image.preinit()  # loads the readers of the other three kinds
        self._pillow = Image
        turn = Image.Transpose
        self._upright = {
            2: turn.FLIP_LEFT_RIGHT,
            3: turn.ROTATE_180,
            4: turn.FLIP_TOP_BOTTOM,
            5: turn.TRANSPOSE,
            6: turn.ROTATE_270,
            7: turn.TRANSVERSE,
            8: turn.ROTATE_90,
        }
        self._pixels_max = pixels_max
        Image.MAX_IMAGE_PIXELS = pixels_max
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # What Pillow raises on hostile files, by its own readers and by the libraries below.
        self.failures: tuple[type[Exception], ...] = (
            ArithmeticError,
            AttributeError,
            EOFError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
            LookupError,
            MemoryError,
            OSError,
            RuntimeError,
            SyntaxError,
            TypeError,
            ValueError,
            struct.error,
            zlib.error,
        )

    def clean(self, data: bytes) -> bytes:
        """Return a data URL of the upright first frame in RGB on white: JPEG if it came so, else PNG."""
        with self._pillow.open(io.BytesIO(data), formats=_FORMATS) as image:
            # Checked again, because a frame of a GIF may reach beyond the size in its header.
            if image.width * image.height > self._pixels_max:
                raise ValueError("too many pixels")
            lossy = image.format in ("JPEG", "MPO")
            image.load()
            rgb, turn = self._flatten(image), self._upright.get(self._orientation(image))
        if turn is not None:
            rgb = rgb.transpose(turn)
        # What was lossy stays so: as PNG a photograph would take twenty times the processor time and bytes.
        file = io.BytesIO()
        if lossy:
            rgb.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        else:
            rgb.save(file, "PNG", compress_level=_PNG_LEVEL)
        prefix = b"data:image/jpeg;base64," if lossy else b"data:image/png;base64,"
        return prefix + base64.b64encode(file.getbuffer())

    def _orientation(self, image: Image) -> int:
        """Return how the camera was held, 1 to 8, as far as the EXIF data say; broken ones say nothing."""
        try:
            orientation = image.getexif().get(_EXIF_ORIENTATION)
        except self.failures:
            return 1
        return orientation if isinstance(orientation, int) else 1

    def _flatten(self, image: Image) -> Image:
        """Return the pixels as RGB without any metadata, transparency laid on white."""
        if image.mode.startswith("I"):
            # Pillow clips 16-bit grey where it should scale.
            image = image.convert("I").point([value >> 8 for value in range(1 << 16)], "L")
        elif image.has_transparency_data:
            image = image.convert("RGBA")
        rgb = self._pillow.new("RGB", image.size, "white")
        rgb.paste(image, mask=image if image.mode == "RGBA" else None)
        return rgb


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes, and leave nothing behind that a library could print to."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return sys.stdin.buffer, replies


def _limit_process(memory_bytes_max: int) -> None:
    """Give up what decoding does not need: memory, files, core dumps, writing to disk."""
    if sys.platform == "linux":  # the one system that keeps to a limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES_OPEN_MAX, _FILES_OPEN_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_cpu(cpu_s_max: int) -> None:
    """Let the kernel end this process when one more image takes longer than this."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_s_max
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _reason(failure: Exception) -> str:
    return "memory" if isinstance(failure, MemoryError) else "pixels" if "pixels" in str(failure) else "broken"


def _write(replies: BinaryIO, status: int, payload: bytes) -> None:
    replies.write(REPLY_HEAD.pack(status, len(payload)))
    replies.write(payload)
    replies.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
