"""What commands print."""

from __future__ import annotations

import io

import pytest

from antiphon.cli.output import Output, size_text


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Whether a person watches."""
        return True


def test_answers_and_notes_go_apart() -> None:
    """So that a pipe only gets the answer."""
    out, notes = io.StringIO(), io.StringIO()
    output = Output(out=out, notes=notes)
    output.line("answer")
    output.note("note")
    assert (out.getvalue(), notes.getvalue()) == ("answer\n", "note\n")


def test_scripts_get_json_and_no_notes() -> None:
    """One value a line, letters of all scripts as they are."""
    out, notes = io.StringIO(), io.StringIO()
    output = Output(as_json=True, out=out, notes=notes)
    output.json({"a": "ü"})
    output.note("note")
    assert (out.getvalue(), notes.getvalue()) == ('{"a": "ü"}\n', "")


def test_tables_are_aligned() -> None:
    """Each column is as wide as its widest cell; no line ends in spaces."""
    out = io.StringIO()
    Output(out=out).table([("A", "LONG", ""), ("abc", "d", ""), ("", "e", "f")])
    assert out.getvalue() == "A    LONG\nabc  d\n     e     f\n"


def test_only_people_at_a_terminal_get_colours() -> None:
    """Not files, not scripts."""
    assert Output(out=Terminal()).terminal
    assert not Output(out=Terminal(), as_json=True).terminal
    assert not Output(out=io.StringIO()).terminal


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (87_300_000, "87.3 MB"), (5e9, "5.0 GB"), (7.5e12, "7.5 TB")],
)
def test_sizes_read_well(size: float, text: str) -> None:
    """In decimal units."""
    assert size_text(size) == text
