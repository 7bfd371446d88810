"""Progress of downloads."""

from __future__ import annotations

import io

from antiphon.cli.output import Output
from antiphon.cli.progress import Progress


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Whether a person watches."""
        return True


def test_a_file_gets_a_line_now_and_then() -> None:
    """Each tenth of the way, not each piece."""
    notes = io.StringIO()
    with Progress(Output(out=io.StringIO(), notes=notes)) as progress:
        for done in range(0, 1_000_001, 1000):
            progress.update("m", done, 1_000_000)
    lines = notes.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[5] == "m: 500.0 kB of 1.0 MB (50 %)"


def test_an_unknown_size_is_no_obstacle() -> None:
    """What came is told."""
    notes = io.StringIO()
    with Progress(Output(out=io.StringIO(), notes=notes)) as progress:
        progress.update("m", 60_000_000, None)
        progress.update("m", 60_000_001, None)
    assert notes.getvalue() == "m: 60.0 MB\n"


def test_scripts_get_nothing() -> None:
    """Their standard error stays empty."""
    notes = io.StringIO()
    with Progress(Output(as_json=True, out=io.StringIO(), notes=notes)) as progress:
        progress.update("m", 5, 10)
    assert notes.getvalue() == ""


def test_a_person_gets_a_bar() -> None:
    """It can be closed and begun again."""
    progress = Progress(Output(out=Terminal(), notes=Terminal()))
    progress.update("m", 5, 10)
    progress.update("m", 10, 10)
    progress.close()
    progress.update("n", 1, None)
    progress.close()
