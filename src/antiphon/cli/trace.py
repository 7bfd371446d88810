"""`antiphon trace`: one request from its beginning to the books, by the database and by logs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.observe.timeline import Moment

STANDARD_INPUT = "-"
NOTHING = (
    "Nothing is known of {name}. Receipts are made for keys that spend credit, turns are kept where they are stored;"
    " for anything else set `observability.access_log` and give the log with --log."
)


def trace(
    name: str,
    /,
    *,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
    log: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    account: str | None = None,
    json: bool = False,
) -> int:
    """Print what is known of a request, in the order of time; the exit code is 1 when that is nothing.

    Parameters
    ----------
    name
        A request's id (`x-request-id`), an answer's or a completion's.
    log
        A log in JSON of a gateway or a node to look into, `-` for standard input. Repeatable.
    account
        Only requests of this account; quicker where much is stored.
    json
        Print one JSON object a line.
    flags
        What to set.

    """
    import msgspec

    from antiphon.cli.snapshot import snapshot
    from antiphon.cli.stored import plain
    from antiphon.observe.timeline import known, logged
    from antiphon.settings.load import load

    output = Output(as_json=json)
    settings = load(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd()).settings
    with snapshot(settings, "the request") as session:
        found = known(session, name, account)
    moments = [*found.moments, *logged(_lines(log), found.names)]
    moments.sort(key=lambda moment: moment.at_ms)
    for moment in moments:
        if json:
            output.json(msgspec.to_builtins(moment))
        else:
            output.line(plain(_line(moment, moments[0].at_ms)))
    if not moments:
        output.note(NOTHING.format(name=name))
    return 0 if moments else 1


def _lines(files: tuple[str, ...]) -> Iterator[str]:
    from antiphon.errors import ConfigError

    for file in files:
        if file == STANDARD_INPUT:
            yield from sys.stdin
            continue
        try:
            with Path(file).open(encoding="utf-8", errors="replace") as log:
                yield from log
        except OSError as error:
            raise ConfigError(f"--log: {file} cannot be read: {error.strerror}.") from error


def _line(moment: Moment, since_ms: int) -> str:
    """`2026-11-25 12:00:00.250   +250 ms  ledger  journal 7 of USDC  user:ann=-0.02 sys:platform=0.02`."""
    from antiphon.cli.stored import moment as time_text

    details = " ".join(f"{key}={value}" for key, value in moment.details.items() if value not in (None, ""))
    at = f"{time_text(moment.at_ms)}.{moment.at_ms % 1000:03}"
    return f"{at}  {f'+{moment.at_ms - since_ms} ms':>10}  {moment.source:<11}  {moment.what}  {details}".rstrip()
