"""What people and scripts are shown."""

from __future__ import annotations

import io

from rich.console import Console

from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.report import as_json, conforms, summary, table
from antiphon.conformance.server import Server


async def first(server: Server) -> None:
    """The first is [kept]."""


async def second(server: Server) -> None:
    """The second is kept."""


OUTCOMES = [
    Outcome(Check("one", first, "OpenAI"), "pass", "", 0.1),
    Outcome(Check("one", second, "OpenAI", mandatory=False), "lacks", "It is not there.", 0.2),
    Outcome(Check("two", second, "Nugen", "nugen"), "fail", "It says [red]no[/red].", 0.3),
]


def printed() -> str:
    """The table as a pipe gets it."""
    out = io.StringIO()
    Console(file=out, width=120).print(table(OUTCOMES))
    return out.getvalue()


def test_the_table_is_grouped_by_area() -> None:
    """Each check below the name of its area, with its verdict and reason."""
    lines = [line.strip() for line in printed().splitlines() if line.strip()]
    assert [line.split()[0] for line in lines] == ["CHECK", "one", "pass", "lacks", "two", "fail"]
    assert "(optional)" in lines[3]
    assert "It is not there." in lines[3]


def test_others_words_are_no_markup() -> None:
    """What a server says is printed as it is."""
    assert "It says [red]no[/red]." in printed()
    assert "The first is [kept]." in printed()


def test_the_summary_counts() -> None:
    """Only mandatory checks decide."""
    assert summary(OUTCOMES) == "1 passed, 1 failed, 1 lacking. 1 of 2 mandatory checks did not pass."
    assert summary(OUTCOMES[:2]) == "1 passed, 1 lacking. All mandatory checks passed."
    assert not conforms(OUTCOMES)
    assert conforms(OUTCOMES[:2])


def test_scripts_get_everything() -> None:
    """Each check in full, and the counts of every verdict."""
    told = as_json(OUTCOMES)
    assert told["ok"] is False
    assert told["counts"] == {"pass": 1, "fail": 1, "lacks": 1, "error": 0}
    assert told["checks"][2] == {
        "id": "two.second",
        "area": "two",
        "door": "nugen",
        "what": "The second is kept.",
        "source": "Nugen",
        "mandatory": True,
        "verdict": "fail",
        "reason": "It says [red]no[/red].",
        "took_s": 0.3,
    }
