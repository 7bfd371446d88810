"""`antiphon conformance`: what a server that speaks one of the published APIs keeps of their promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from antiphon.cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table

    from antiphon.conformance.check import Outcome

PLAIN_WIDTH = 160
Door = Literal["v1", "nugen", "adaptive", "all"]


def conformance(
    url: str,
    key: str | None = None,
    /,
    *,
    model: str | None = None,
    project: str = "default",
    embedding_model: str | None = None,
    door: Door = "all",
    only: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    slow: bool = False,
    concurrency: int = 4,
    timeout_s: float = 60.0,
    json: bool = False,
) -> int:
    """Check a server against the published APIs; the exit code is 1 when a mandatory check did not pass.

    Parameters
    ----------
    url
        Where it is, with or without `/v1`.
    key
        A key for it; otherwise ANTIPHON_CLIENT_KEY, else none is sent.
    model
        Which model is asked; otherwise the first of its list that generates.
    project
        The project that Adaptive's door is asked for.
    embedding_model
        Which model makes embeddings; otherwise one that its list marks as such.
    door
        Whose addresses are checked.
    only
        An area to check. Repeatable.
    slow
        Also make checks that take minutes.
    concurrency
        How many checks are made at once.
    timeout_s
        Seconds that one check may take.
    json
        Print one JSON object with all outcomes.

    """
    import asyncio
    import os

    from antiphon.clock import SystemClock
    from antiphon.conformance import report
    from antiphon.conformance.server import Subject
    from antiphon.conformance.suite import chosen
    from antiphon.conformance.survey import Survey, survey
    from antiphon.ids import Ids
    from antiphon.settings.environment import CLIENT_KEY_VARIABLE

    checks = chosen(areas=only, door=door, slow=slow)
    wanted = Subject(model=model or "", project=project, embedding_model=embedding_model)
    given = key or os.environ.get(CLIENT_KEY_VARIABLE)
    asked = Survey(url, given, wanted, at_once=max(1, concurrency), timeout_s=timeout_s)
    output = Output(as_json=json)
    with _progress(len(checks), output) as told:
        subject, outcomes = asyncio.run(survey(asked, checks, clock=SystemClock(), ids=Ids(), on_outcome=told))
    if json:
        output.json({"url": url, "model": subject.model} | report.as_json(outcomes))
    else:
        _print(report.table(outcomes), output)
        output.line("\n" + report.summary(outcomes))
    return 0 if report.conforms(outcomes) else 1


def _print(table: Table, output: Output) -> None:
    """The table, as wide as the terminal; for files and pipes wide enough for most sentences."""
    from rich.console import Console

    console = Console() if output.terminal else Console(width=PLAIN_WIDTH)
    console.print(table)


@contextmanager
def _progress(total: int, output: Output) -> Iterator[Callable[[Outcome], None]]:
    """A function that moves a bar on at each outcome, where a person watches."""
    if not output.terminal:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("checks", total=total)
        yield lambda outcome: bars.update(task, advance=1, description=outcome.check.id)
