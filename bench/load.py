"""Runs the two compiled programs: the mock upstream, and one spell of load on a port or a unix socket."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.build import Tools
from bench.processes import on_cores, running

MOCK_S_MAX = 3600
MOCK_START_S_MAX = 5.0
LOAD_GRACE_S = 30
BURST_MODEL = "mock-burst"
CHAT_PATH = "/v1/chat/completions"
EVENTS_IN_BURST = 66
END_EVENTS = 3  # The finish reason, the usage and [DONE].


class Times(msgspec.Struct, frozen=True):
    """A distribution in microseconds."""

    count: int
    p50: float
    p99: float
    max: float


class LoadErrors(msgspec.Struct, frozen=True):
    """Requests that failed, by kind; `late` ones had not ended when the run was cut off."""

    connect: int
    status: int
    broken: int
    incomplete: int
    miscounted: int
    late: int

    @property
    def total(self) -> int:
        """All failed requests."""
        return self.connect + self.status + self.broken + self.incomplete + self.miscounted + self.late


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one spell of load saw. `delay_us` is from the mock's write to the reader, for each content event."""

    elapsed_s: float
    completed: int
    tokens: int
    usage_tokens: int
    events: int
    bytes: int
    reconnected: int
    errors: LoadErrors
    latency_us: Times
    first_us: Times
    gap_us: Times
    delay_us: Times


@dataclass(frozen=True, kw_only=True)
class Spell:
    """One kind of load. `requests` is per connection, 0 for as many as `seconds` allow.

    `fields` are further ones of the body, as they stand in JSON.
    """

    model: str
    stream: bool
    connections: int
    tokens: int
    seconds: int
    requests: int = 0
    stagger_ms: int = 0
    exact: bool = True
    path: str = CHAT_PATH
    fields: str = ""


@contextmanager
def mock_upstream(tools: Tools, *, cores: frozenset[int], folder: Path) -> Iterator[int]:
    """The port of a mock upstream that lives as long as the block."""
    log = folder / "mock_upstream.log"
    argv = (str(tools.mock_upstream), "--port", "0", "--seconds", str(MOCK_S_MAX))
    with running(argv, cores=cores, log=log) as process:
        deadline = time.monotonic() + MOCK_START_S_MAX
        while not log.read_text().endswith("\n"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the mock upstream did not start: {log.read_text()}")
            time.sleep(0.01)
        yield int(log.read_text().split()[1])


def argv_of(tools: Tools, spell: Spell, *, to: int | Path, key: str) -> tuple[str, ...]:
    """The load generator's command line for this spell."""
    words: dict[str, object] = {
        "--to": to,
        "--stream": int(spell.stream),
        "--connections": spell.connections,
        "--model": spell.model,
        "--tokens": spell.tokens,
        "--seconds": spell.seconds,
        "--requests": spell.requests,
        "--stagger-ms": spell.stagger_ms,
        "--key": key,
        "--exact": int(spell.exact),
        "--path": spell.path,
        "--fields": spell.fields,
    }
    return (str(tools.load), *(str(word) for pair in words.items() for word in pair))


def apply_load(
    tools: Tools,
    spell: Spell,
    *,
    to: int | Path,
    key: str,
    cores: frozenset[int],
    each_second: Callable[[], None] | None = None,
) -> LoadResult:
    """Runs one spell to its end, calling `each_second` meanwhile; raises RuntimeError if the generator fails."""
    with on_cores(cores):
        process = subprocess.Popen(argv_of(tools, spell, to=to, key=key), stdout=subprocess.PIPE)
    deadline = time.monotonic() + spell.seconds + LOAD_GRACE_S
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=1.0)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise RuntimeError("the load generator did not end in time") from None
                if each_second is not None:
                    each_second()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed with {process.returncode}")
    return msgspec.json.decode(output, type=LoadResult)
