"""`antiphon nodes evidence` and `pardon`: what a node was found to do, as a running gateway tells it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output

SHOWN = 20


def evidence(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Print how a node stands, by which checks, and what it failed.

    Parameters
    ----------
    node
        The node's id or name, or an upstream's name.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    told = checked(connect(connection).get(f"/nodes/{quote(node, safe='')}/evidence"))
    output = Output(as_json=json)
    if json:
        output.json(told)
    else:
        _show(output, told)
    return 0


def pardon(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Let a node in quarantine serve again; its tests begin anew, what it failed stays on file.

    Parameters
    ----------
    node
        The node's id or name, or an upstream's name.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    told = checked(connect(connection).post(f"/nodes/{quote(node, safe='')}/pardon", {}))
    output = Output(as_json=json)
    if json:
        output.json(told)
    else:
        output.line(f"{node} serves again.")
    return 0


def _show(output: Output, told: dict[str, Any]) -> None:  # Any: what the gateway says
    from antiphon.cli.stored import moment, plain

    if told["quarantined"]:
        output.line(f"{told['node']} is in quarantine since {moment(told['since_ms'])}: {told['accused_of']}.")
    else:
        output.line(f"{told['node']} serves, with {told['factor']:.0%} of the work that it would get.")
    rows = [
        (one["kind"], str(one["checks"]), str(one["failures"]), f"{one['suspicion']:.0%}") for one in told["checks"]
    ]
    output.table([("CHECK", "MADE", "FAILED", "SUSPICION"), *rows])
    for one in told["evidence"][:SHOWN]:
        output.line(f"{moment(one['at_ms'])}  {one['kind']}  {plain(one['request'])}  {plain(one['says'])}")
