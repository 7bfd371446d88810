"""`antiphon top`: what a gateway does now, looked at again and again, in any terminal."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, find_endpoint
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.cli.client import Client
    from antiphon.cli.sight import Change, Sight
    from antiphon.clock import Clock

EVERY_S_MIN = 0.2
OTHER_SCREEN, OWN_SCREEN, HOME, REST = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l", "\x1b[H", "\x1b[J"
LINE_END = "\x1b[K\n"


def top(
    *,
    every: float = 2.0,
    once: bool = False,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Show what a gateway does, until Ctrl-C; without a terminal, one block after the other.

    Parameters
    ----------
    every
        Seconds between two looks.
    once
        Show one block and end.
    json
        Print one JSON object for each look.
    connection
        Which gateway, with which key; nodes are shown to an admin's.

    """
    from antiphon.cli.client import Client
    from antiphon.cli.sight import Change
    from antiphon.clock import SystemClock

    clock, pause = SystemClock(), threading.Event()
    endpoint = find_endpoint(connection)
    client, output = Client(endpoint), Output(as_json=json)
    screen = output.terminal and not once
    if screen:
        output.piece(OTHER_SCREEN)
    try:
        before = _look(client, clock)
        while not pause.wait(max(every, EVERY_S_MIN)):
            now = _look(client, clock)
            _show(Change(before, now), endpoint.root, output, clock, screen=screen)
            if once:
                break
            before = now
    except KeyboardInterrupt:
        pass
    finally:
        if screen:
            output.piece(OWN_SCREEN)
    return 0


def _look(client: Client, clock: Clock) -> Sight:
    """One look; AntiphonError when the gateway does not answer, or does not show its metrics to this key."""
    from antiphon.cli.client import refusal
    from antiphon.cli.sight import Sight, samples
    from antiphon.errors import AntiphonError

    scraped = client.get("/metrics", root=True)
    if scraped.status != 200:
        raise refusal(scraped)
    health, nodes = client.get("/health", root=True), client.get("/nodes")
    try:
        found = samples(scraped.body.decode())
    except ValueError as error:
        raise AntiphonError("The gateway's metrics are not what they should be.") from error
    listed = nodes.json()["data"] if nodes.status == 200 else ()
    return Sight(clock.monotonic(), found, health.json(), tuple(listed))


def _show(change: Change, where: str, output: Output, clock: Clock, *, screen: bool) -> None:
    import msgspec

    from antiphon.cli import top_rows
    from antiphon.cli.stored import moment

    shown = top_rows.top(change)
    if output.as_json:
        output.json({"at": clock.now(), **msgspec.to_builtins(shown)})
        return
    lines = list(top_rows.lines(shown, where, f"{moment(int(clock.now() * 1000))} UTC"))
    if not screen:
        output.piece("\n".join(lines) + "\n\n")
        return
    size = shutil.get_terminal_size()
    output.piece(HOME + LINE_END.join(line[: size.columns] for line in lines[: size.lines - 1]) + LINE_END + REST)
