"""What a machine has: processors, memory, and the GPUs that NVIDIA's own tool tells of."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from msgspec import Struct

from antiphon.engines.embedded.processors import available

GPU_QUERY = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
GPU_S = 5.0
GPUS_MAX = 64
MEMORY_FILE = Path("/proc/meminfo")
QUOTA_FILE = Path("/sys/fs/cgroup/memory.max")
AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)
KIB, MIB, GIB = 1024, 1024**2, 1024**3


class GPU(Struct, frozen=True):
    """A graphics processor."""

    name: str
    memory_bytes: int


class Hardware(Struct, frozen=True):
    """A machine. `memory_bytes`: what programs can still have, None when nothing tells."""

    processors: int
    memory_bytes: int | None = None
    gpus: tuple[GPU, ...] = ()

    def __str__(self) -> str:
        """One line for people."""
        parts = [f"{self.processors} processor{'s' if self.processors != 1 else ''}"]
        if self.memory_bytes is not None:
            parts.append(f"{self.memory_bytes / GIB:.1f} GiB free")
        parts += [f"{gpu.name} ({gpu.memory_bytes / GIB:.0f} GiB)" for gpu in self.gpus]
        return ", ".join(parts)


async def detect() -> Hardware:
    """What this machine has."""
    return Hardware(available(), memory(), await gpus())


def memory(memory_file: Path = MEMORY_FILE, quota_file: Path = QUOTA_FILE) -> int | None:
    """The memory that programs can still have: the machine's, or the control group's if that is less."""
    found = AVAILABLE.search(_text(memory_file))
    quota = _text(quota_file).strip()
    known = [int(found[1]) * KIB] if found else []
    if quota.isdigit():
        known.append(int(quota))
    return min(known, default=None)


async def gpus(command: tuple[str, ...] = GPU_QUERY) -> tuple[GPU, ...]:
    """The graphics processors; none where the tool is missing, or does not answer."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ()
    try:
        async with asyncio.timeout(GPU_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ()
    return _read(output.decode(errors="replace")) if process.returncode == 0 else ()


def _read(listed: str) -> tuple[GPU, ...]:
    found = []
    for line in listed.splitlines()[:GPUS_MAX]:
        name, comma, size = line.rpartition(",")
        if comma and size.strip().isdigit():
            found.append(GPU(name.strip(), int(size) * MIB))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
