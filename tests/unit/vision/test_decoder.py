"""The decoder processes: lazy, bounded, replaced when they die, gone when closed."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from antiphon.errors import BadRequest, Unavailable
from antiphon.vision import decoder_child
from antiphon.vision.decoder import DecoderPool
from antiphon.vision.limits import ImageLimits
from tests.fixtures.vision.pictures import BLUE, RED, encoded, opened, solid

MIB = 1024 * 1024


@pytest.fixture
async def pool() -> AsyncIterator[DecoderPool]:
    """A pool of two decoders."""
    pool = DecoderPool(ImageLimits())
    yield pool
    await pool.close()


async def clean(pool: DecoderPool, data: bytes) -> str:
    """Have a file cleaned by whichever decoder is idle."""
    async with pool.borrow() as decoder:
        return await decoder.clean(data, param="image")


def is_alive(process_id: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_decoder_starts_with_the_first_image_and_stays(pool: DecoderPool) -> None:
    """No process before the first image, then one and the same for images one after the other."""
    assert pool.process_ids == []
    assert opened(await clean(pool, solid(RED))).getpixel((0, 0)) == RED
    (process_id,) = pool.process_ids
    assert opened(await clean(pool, solid(BLUE))).getpixel((0, 0)) == BLUE
    assert pool.process_ids == [process_id]


async def test_many_images_at_once_all_come_back_right(pool: DecoderPool) -> None:
    """More images than decoders wait for their turn, and none gets another's pixels."""
    colours = [(index, 255 - index, 7) for index in range(20)]
    urls = await asyncio.gather(*(clean(pool, solid(colour)) for colour in colours))
    assert [opened(url).getpixel((0, 0)) for url in urls] == colours
    assert len(pool.process_ids) == 2


async def test_a_broken_image_is_a_bad_request_and_the_process_lives(pool: DecoderPool) -> None:
    """What cannot be decoded is the caller's fault, and costs no process."""
    await clean(pool, solid())
    before = pool.process_ids
    with pytest.raises(BadRequest, match="broken") as refusal:
        await clean(pool, solid()[:40])
    assert refusal.value.param == "image"
    assert pool.process_ids == before


async def test_an_image_that_lost_its_decoder_is_tried_once_more(pool: DecoderPool) -> None:
    """A decoder killed while it holds an image is replaced, and the image still comes back."""
    await clean(pool, solid())
    (first,) = pool.process_ids
    os.kill(first, signal.SIGSTOP)  # it cannot answer before it is killed
    waiting = asyncio.create_task(clean(pool, solid(BLUE)))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert opened(await waiting).getpixel((0, 0)) == BLUE
    assert pool.process_ids != [first]


async def test_a_decoder_found_dead_is_replaced(pool: DecoderPool) -> None:
    """A decoder that dies between two images is not missed."""
    for colour in (RED, BLUE, RED):
        assert opened(await clean(pool, solid(colour))).getpixel((0, 0)) == colour
        os.kill(pool.process_ids[0], signal.SIGKILL)


async def test_an_image_that_kills_its_decoder_is_refused_after_two(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A decoder that dies of every image is started twice for one, and then the image is at fault."""
    starts, fragile = tmp_path / "starts", tmp_path / "fragile.py"
    fragile.write_text(
        f"import sys; open({str(starts)!r}, 'a').write('x')\n"
        "sys.stdout.buffer.write(bytes(5)); sys.stdout.flush(); sys.stdin.buffer.read(4); sys.exit(1)\n"
    )
    monkeypatch.setattr(decoder_child, "__file__", str(fragile))
    with pytest.raises(BadRequest, match="broken"):
        await clean(pool, solid())
    assert starts.read_text() == "xx"
    assert pool.process_ids == []


async def test_a_decoder_that_hangs_is_killed_in_time() -> None:
    """A frozen decoder ends with the time limit, and the next image has a new one."""
    pool = DecoderPool(ImageLimits(decode_timeout_s=0.2, decoders_max=1))
    await clean(pool, solid())
    (frozen,) = pool.process_ids
    os.kill(frozen, signal.SIGSTOP)
    with pytest.raises(BadRequest, match="too long"):
        await clean(pool, solid())
    assert not is_alive(frozen)
    assert (await clean(pool, solid())).startswith("data:image/png;base64,")
    await pool.close()


async def test_a_cancelled_image_leaves_no_reply_behind(pool: DecoderPool) -> None:
    """After a client left in the middle the next image gets its own pixels."""
    await clean(pool, solid())
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    left = asyncio.create_task(clean(pool, solid(RED)))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert opened(await clean(pool, solid(BLUE))).getpixel((0, 0)) == BLUE


async def test_memory_is_bounded() -> None:
    """An image that needs more address space than allowed is refused and the process lives on."""
    pool = DecoderPool(ImageLimits(decode_memory_bytes_max=96 * MIB))
    large = encoded(Image.new("RGBA", (4000, 4000), (1, 2, 3, 4)), "PNG")
    with pytest.raises(BadRequest, match="memory"):
        await clean(pool, large)
    assert (await clean(pool, solid())).startswith("data:image/png;base64,")
    await pool.close()


async def test_the_largest_images_fit_the_default_limits(pool: DecoderPool) -> None:
    """Sixteen megapixels with transparency decode within the memory that a decoder gets by default."""
    largest = encoded(Image.new("RGBA", (4096, 4096), (0, 0, 0, 0)), "PNG", compress_level=1)
    assert opened(await clean(pool, largest)).getpixel((4000, 4000)) == (255, 255, 255)


@pytest.mark.parametrize("interpreter", ["/nonexistent/python", "/bin/false"])
async def test_a_decoder_that_cannot_start_is_our_fault(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch, interpreter: str
) -> None:
    """If no process starts, or it ends before it is ready, the answer is 503 and not a reproach to the caller."""
    monkeypatch.setattr(sys, "executable", interpreter)
    with pytest.raises(Unavailable, match="does not start"):
        await clean(pool, solid())
    assert pool.process_ids == []


async def test_closing_ends_every_process(pool: DecoderPool) -> None:
    """After the close nothing runs, and nothing is started any more."""
    await asyncio.gather(*(clean(pool, solid()) for _ in range(4)))
    process_ids = pool.process_ids
    assert len(process_ids) == 2
    await pool.close()
    assert not any(is_alive(process_id) for process_id in process_ids)
    with pytest.raises(Unavailable, match="shutting down"):
        await clean(pool, solid())


def test_the_decoder_dies_with_the_gateway() -> None:
    """When the gateway is killed, its decoders see the end of their input and go."""
    script = (
        "import asyncio, sys; from antiphon.vision.decoder import DecoderPool;"
        " from antiphon.vision.limits import ImageLimits\n"
        "async def main():\n"
        "    pool = DecoderPool(ImageLimits())\n"
        "    async with pool.borrow() as decoder:\n"
        "        await decoder.clean(bytes.fromhex(sys.argv[1]), param='x')\n"
        "        assert not any(name.startswith('PIL') for name in sys.modules)\n"
        "        print(decoder.process_id, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    source = Path(sys.modules[DecoderPool.__module__].__file__ or "").parents[2]
    gateway = subprocess.Popen(
        [sys.executable, "-c", script, solid().hex()], stdout=subprocess.PIPE, env={"PYTHONPATH": str(source)}
    )
    assert gateway.stdout is not None
    with gateway:
        descriptor = os.pidfd_open(int(gateway.stdout.readline()))
        gateway.kill()
        gateway.wait()
    try:
        assert _ends_within(descriptor, timeout_s=10)
    finally:
        os.close(descriptor)


def _ends_within(descriptor: int, *, timeout_s: float) -> bool:
    """Return whether the process behind a pidfd ends in time."""
    readable, _, _ = select.select([descriptor], [], [], timeout_s)
    return bool(readable)
