"""The gateway's side of the decoder processes: starts them when needed, bounds their time, replaces the dead.

The gateway itself never decodes an image and never loads an image library.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from antiphon.errors import BadRequest, Unavailable
from antiphon.vision import decoder_child
from antiphon.vision.limits import ImageLimits

_START_TIMEOUT_S = 10.0
_ATTEMPTS_MAX = 2
_REFUSALS = {
    "pixels": "the image has too many pixels.",
    "memory": "the image takes too much memory to decode.",
}
_BROKEN = "the image is broken, it could not be decoded."
_TOO_SLOW = "the image takes too long to decode."


class DecoderPool:
    """A few decoder processes, each with one image at a time."""

    def __init__(self, limits: ImageLimits) -> None:
        self._decoders = [DecoderProcess(limits) for _ in range(limits.decoders_max)]
        # Last in, first out: a quiet gateway keeps a single process.
        self._idle: asyncio.LifoQueue[DecoderProcess] = asyncio.LifoQueue()
        for decoder in self._decoders:
            self._idle.put_nowait(decoder)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[DecoderProcess]:
        """Wait for an idle decoder and have it for a while."""
        decoder = await self._idle.get()
        try:
            yield decoder
        finally:
            self._idle.put_nowait(decoder)

    @property
    def process_ids(self) -> list[int]:
        """The process ids of the decoders that run now."""
        return [decoder.process_id for decoder in self._decoders if decoder.process_id is not None]

    async def close(self) -> None:
        """End all processes."""
        for decoder in self._decoders:
            await decoder.close()


class DecoderProcess:
    """One decoder process, started with the first image and again after it died."""

    def __init__(self, limits: ImageLimits) -> None:
        self._limits = limits
        self._process: Process | None = None
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The process id, None while there is no process."""
        return self._process.pid if self._process is not None else None

    async def clean(self, data: bytes, *, param: str) -> str:
        """Return the image file's pixels as a data URL; raise `BadRequest` naming `param`, or `Unavailable`."""
        for _ in range(_ATTEMPTS_MAX):
            try:
                status, payload = await self._exchange(await self._running(), data)
            except TimeoutError:
                await self._end()
                raise _refused(_TOO_SLOW, param=param) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                # It died of this image, or something else killed it: the second try tells the one from the other.
                await self._end()
            except asyncio.CancelledError:
                await self._end()  # or this image's reply would be taken for the next one's
                raise
            else:
                return _data_url(status, payload, param=param)
        raise _refused(_BROKEN, param=param)

    async def close(self) -> None:
        """End the process and start no other."""
        self._closed = True
        await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _running(self) -> Process:
        """Return a process that is ready for an image; raise `Unavailable` if none can be started."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._closed:
            raise Unavailable("The gateway is shutting down.", retry_after_s=5)
        await self._end()
        try:
            self._process = await self._start()
            async with asyncio.timeout(_START_TIMEOUT_S):
                await _read_reply(self._process)
        except (OSError, asyncio.IncompleteReadError) as error:
            await self._end()
            raise Unavailable("The image decoder does not start.", retry_after_s=5) from error
        return self._process

    async def _start(self) -> Process:
        limits = self._limits
        # -I: neither the environment nor the working directory may lend it other code.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            decoder_child.__file__,
            str(limits.pixels_max),
            str(limits.decode_memory_bytes_max),
            str(max(1, round(limits.decode_timeout_s))),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            start_new_session=True,
            limit=1 << 20,
        )

    async def _exchange(self, process: Process, data: bytes) -> tuple[int, bytes]:
        """Send one image file and return the reply."""
        assert process.stdin is not None
        async with asyncio.timeout(self._limits.decode_timeout_s):
            process.stdin.write(decoder_child.REQUEST_HEAD.pack(len(data)))
            process.stdin.write(data)
            await process.stdin.drain()
            return await _read_reply(process)


def _data_url(status: int, payload: bytes, *, param: str) -> str:
    text = payload.decode("ascii")
    if status == decoder_child.DONE:
        return text
    raise _refused(_REFUSALS.get(text, _BROKEN), param=param)


def _refused(rule: str, *, param: str) -> BadRequest:
    return BadRequest(f"{param}: {rule}", param=param)


async def _read_reply(process: Process) -> tuple[int, bytes]:
    assert process.stdout is not None
    head = await process.stdout.readexactly(decoder_child.REPLY_HEAD.size)
    status, length = decoder_child.REPLY_HEAD.unpack(head)
    return status, await process.stdout.readexactly(length)
