"""Progress of downloads."""

from __future__ import annotations

import io

import pytest

from antiphon.cli.output import Output
from antiphon.cli.progress import Progress
from antiphon.clock import ManualClock


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Whether a person watches."""
        return True


def update(output: Output, *steps: tuple[float, int, int | None]) -> None:
    """Report progress of one file: the second at which it is seen, bytes done, bytes in all."""
    clock = ManualClock()
    with Progress(output, clock) as progress:
        for at_s, done, total in steps:
            clock.advance(at_s - clock.monotonic())
            progress.update("m", done, total)


def test_a_file_gets_a_line_now_and_then() -> None:
    """Each tenth of the way, not each piece."""
    notes = io.StringIO()
    steps = [(done / 1000, done, 1_000_000) for done in range(0, 1_000_001, 1000)]
    update(Output(out=io.StringIO(), notes=notes), *steps)
    lines = notes.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[5] == "m: 500.0 kB of 1.0 MB (50 %)"


def test_what_is_quick_is_quiet() -> None:
    """Nothing is shown within the first second."""
    notes = io.StringIO()
    update(Output(out=io.StringIO(), notes=notes), (0.0, 0, 10), (0.5, 5, 10), (0.9, 10, 10))
    assert notes.getvalue() == ""


def test_an_unknown_size_is_no_obstacle() -> None:
    """What came is told."""
    notes = io.StringIO()
    update(Output(out=io.StringIO(), notes=notes), (0.0, 0, None), (2.0, 60_000_000, None), (3.0, 60_000_001, None))
    assert notes.getvalue() == "m: 60.0 MB\n"


def test_scripts_get_nothing() -> None:
    """Their standard error stays empty."""
    notes = io.StringIO()
    update(Output(as_json=True, out=io.StringIO(), notes=notes), (0.0, 0, 10), (2.0, 5, 10))
    assert notes.getvalue() == ""


def test_a_person_gets_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """With the name of the file; it can be closed and begun again."""
    output = Output(out=Terminal(), notes=Terminal())
    for _ in range(2):
        update(output, (0.0, 0, 10), (2.0, 5, 10), (3.0, 10, 10))
    assert "m " in capsys.readouterr().out
