"""The one door for images: any image URL of a request in, a clean data URL out, or a `BadRequest`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from antiphon.errors import BadRequest, ConfigError, Unavailable
from antiphon.vision.decoder import DecoderPool
from antiphon.vision.fetch import ImageFetcher
from antiphon.vision.headers import read_header
from antiphon.vision.images import is_data_url, parse_data_url
from antiphon.vision.limits import ImageLimits
from antiphon.vision.resolve import Resolve, SystemResolver


def always_room() -> None:
    """Every image is taken."""


class ImageAdmission:
    """Reads, checks, decodes and re-encodes images; owns the decoder processes, which start with the first image."""

    def __init__(
        self,
        limits: ImageLimits,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        require_room: Callable[[], None] = always_room,
    ) -> None:
        """Take the limits; `resolve` and `tls` stand in for the system's own. Raises `ConfigError`.

        `require_room` raises `Unavailable` while there is no memory for images.
        """
        self._limits = limits
        self._require_room = require_room
        self._resolver = SystemResolver(threads_max=limits.fetches_max)
        self._fetcher = self._make_fetcher(resolve, tls)
        self._decoders = DecoderPool(limits)
        self._fetching = asyncio.Semaphore(limits.fetches_max)
        self._pending = 0

    def check_count(self, images: int, *, param: str = "messages") -> None:
        """Raise `BadRequest` if one request holds more than `images_max` images."""
        if images > self._limits.images_max:
            raise BadRequest(f"{param}: expected at most {self._limits.images_max} images.", param=param)

    async def admit(self, url: str, *, param: str) -> str:
        """Return a data URL (base64, PNG or JPEG) of the image's pixels; raise `BadRequest` naming `param`.

        Raises `Unavailable` if too many images are under way, no decoder can be started or no memory is left.
        """
        self._require_room()
        with self._pending_place():
            if is_data_url(url):
                # Read only once a decoder is free: until then the text is all the memory that the image takes.
                async with self._decoders.borrow() as decoder:
                    return await decoder.clean(self._read(url, param=param), param=param)
            async with self._fetching:
                data = await self._fetch(url, param=param)
                async with self._decoders.borrow() as decoder:
                    return await decoder.clean(data, param=param)

    async def close(self) -> None:
        """End the decoder processes; images under way fail."""
        self._resolver.close()
        await self._decoders.close()

    def _make_fetcher(self, resolve: Resolve | None, tls: ssl.SSLContext | None) -> ImageFetcher | None:
        if self._limits.fetch == "off":
            return None
        try:
            return ImageFetcher(
                self._limits, resolve=resolve or self._resolver, tls=tls or ssl.create_default_context()
            )
        except ValueError as error:
            raise ConfigError(f"Image networks must be in CIDR form: {error}") from error

    @contextmanager
    def _pending_place(self) -> Iterator[None]:
        """Count an image as under way."""
        if self._pending >= self._limits.pending_max:
            raise Unavailable("Too many images are being read at the moment.", retry_after_s=1)
        self._pending += 1
        try:
            yield
        finally:
            self._pending -= 1

    def _read(self, url: str, *, param: str) -> bytes:
        """Return the image file in a data URL."""
        try:
            data = parse_data_url(url, size_bytes_max=self._limits.size_bytes_max)
        except ValueError as error:
            raise _refused(str(error), param=param) from error
        return self._checked(data, param=param)

    async def _fetch(self, url: str, *, param: str) -> bytes:
        """Return the image file behind any other URL."""
        if self._fetcher is None:
            raise _refused("expected a data URL, since this gateway fetches no images", param=param)
        return self._checked(await self._fetcher.fetch(url, param=param), param=param)

    def _checked(self, data: bytes, *, param: str) -> bytes:
        """Return the file if it says that it is an image of a size that may be decoded."""
        try:
            header = read_header(data)
        except ValueError as error:
            raise _refused(str(error), param=param) from error
        if header.pixels > self._limits.pixels_max:
            raise _refused(f"the image has more than {self._limits.pixels_max} pixels", param=param)
        return data


def _refused(rule: str, *, param: str) -> BadRequest:
    return BadRequest(f"{param}: {rule}.", param=param)
