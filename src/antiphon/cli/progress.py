"""Progress of downloads: a moving bar for people at a terminal, a line now and then elsewhere, nothing for scripts.

What is done within a second shows nothing.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from antiphon.cli.output import Output, size_text
from antiphon.clock import Clock

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

QUIET_S = 1.0
LINE_EVERY_PERCENT = 10
LINE_EVERY_BYTES = 50_000_000


class Progress:
    """Shows any number of downloads, each by name. Close it, or use it as a context, before other output."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        self._begun: dict[str, float] = {}
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._steps: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(self, name: str, done: int, total: int | None) -> None:
        """Bytes so far, and in all where that is known."""
        now = self._clock.monotonic()
        if now - self._begun.setdefault(name, now) < QUIET_S:
            return
        if self._output.terminal:
            self._bar(name, done, total)
        else:
            self._line(name, done, total)

    def close(self) -> None:
        """Leave the bars as they are; the next update begins new ones."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = None
        self._tasks = {}

    def _bar(self, name: str, done: int, total: int | None) -> None:
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)

    def _line(self, name: str, done: int, total: int | None) -> None:
        step = done * 100 // total // LINE_EVERY_PERCENT if total else done // LINE_EVERY_BYTES
        if self._steps.get(name) == step:
            return
        self._steps[name] = step
        of = f" of {size_text(total)} ({done * 100 // total} %)" if total else ""
        self._output.note(f"{name}: {size_text(done)}{of}")


def _bars() -> Bars:
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )
