"""Starts processes on chosen cores, stops them by their group, and reads what their trees use from /proc."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STOP_S_MAX = 10.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PROCESS_CLOCK = 2  # of a pid, as clock_getcpuclockid(3) of glibc and musl forms it


@dataclass(frozen=True, kw_only=True)
class Cores:
    """The core of the gateway, and the core of all that it is measured with."""

    gateway: frozenset[int]
    rest: frozenset[int]


def split_cores() -> Cores:
    """The last usable core for the gateway, the first for the rest; raises RuntimeError on a single core."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise RuntimeError("the comparison needs two cores: one for the gateway, one for its load")
    return Cores(gateway=frozenset({usable[-1]}), rest=frozenset({usable[0]}))


def all_cores() -> frozenset[int]:
    """Every core that this process may use."""
    return frozenset(os.sched_getaffinity(0))


def shared_cores() -> Cores:
    """Every core for both, as on a machine that does all of it."""
    return Cores(gateway=all_cores(), rest=all_cores())


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """What is started within inherits these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    argv: Sequence[str],
    *,
    cores: frozenset[int],
    log: Path,
    env: Mapping[str, str] | None = None,
    told: bytes | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, its output in `log`, working in that folder; gone when the block ends.

    `told` is written to its standard input, which then stays open.
    """
    with log.open("wb") as output, on_cores(cores):
        process = subprocess.Popen(
            argv,
            env=dict(os.environ if env is None else env),
            cwd=log.parent,
            stdin=subprocess.DEVNULL if told is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if process.stdin is not None and told is not None:
            process.stdin.write(told)
            process.stdin.flush()
        yield process
    finally:
        stop(process)
        if process.stdin is not None:
            process.stdin.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the process to end, then ends whatever is left of its group."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S_MAX)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_S_MAX)


def tree(root: int) -> tuple[int, ...]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = stat_fields(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return tuple(found)


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: state, parent, ...; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_s(root: int) -> float:
    """User and system time of the tree so far, ended and waited-for children included, in seconds."""
    return sum(_process_s(pid) + _children_s(pid) for pid in tree(root))


def _process_s(pid: int) -> float:
    """What all threads of a process have used, in nanoseconds' steps: /proc tells ticks of ten milliseconds."""
    try:
        return time.clock_gettime((~pid << 3) | PROCESS_CLOCK)
    except OSError:  # it has ended
        return 0.0


def _children_s(pid: int) -> float:
    return sum(int(value) for value in stat_fields(pid)[13:15]) / TICKS_PER_S


def busy_s() -> float:
    """Time that all cores together spent on anything since the machine started, in seconds; stolen time included."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = map(int, fields[1:9])
    return (user + nice + system + interrupts + soft_interrupts + stolen) / TICKS_PER_S


def own_s() -> float:
    """CPU time of this process and of those that it started and waited for, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_mib(root: int, *, kind: str) -> float:
    """The tree's `Pss` (shared pages divided among their users) or `Rss`, in MiB."""
    kib = 0
    for pid in tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    kib += int(line.split()[1])
    return kib / 1024


def mapped_files(root: int, *, suffix: str) -> set[Path]:
    """The files of this suffix that any process of the tree has mapped into its memory."""
    found = set()
    for pid in tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                if line.endswith(suffix):
                    found.add(Path(line.split(maxsplit=5)[5]))
    return found
