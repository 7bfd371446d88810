"""`antiphon interactions`: what a running gateway has stored, listed, shown and deleted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.filter_flags import FilterFlags, query
from antiphon.cli.output import Output
from antiphon.cli.stored import answer_line, moment, transcript
from antiphon.errors import ConfigError

if TYPE_CHECKING:
    from antiphon.cli.client import Client


def list_interactions(
    *,
    filters: Annotated[FilterFlags, Parameter(name="*")] = FilterFlags(),
    limit: int = 20,
    after: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List stored completions, the newest first.

    Parameters
    ----------
    filters
        Which are meant.
    limit
        How many, 200 at most.
    after
        Where the list before this one ended.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get(f"/interactions{query(filters, limit=limit, after=after)}"))
    if json:
        output.json(found)
        return 0
    rows = [_row(one) for one in found["data"]]
    output.table([("COMPLETION", "TIME", "MODEL", "SESSION", "TOKENS", "ANSWER"), *rows])
    if found["next"]:
        output.note(f"There are more: --after {found['next']}")
    return 0


def show(
    completion_id: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Show a stored completion: its prompt and its answer.

    Parameters
    ----------
    completion_id
        Its id.
    json
        Print the gateway's own JSON, parameters and timings included.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get(f"/interactions/{quote(completion_id, safe='')}"))
    if json:
        output.json(found)
        return 0
    for line in transcript([*found["messages"], found["completion"]]):
        output.line(line)
    output.note(f"{found['model']}, {moment(found['created_at_ms'])}, {found['usage']['total_tokens']} tokens")
    return 0


def delete(
    *completion_ids: str,
    filters: Annotated[FilterFlags, Parameter(name="*")] = FilterFlags(),
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Delete stored completions with their feedback: some by their ids, or all that the flags let through.

    Parameters
    ----------
    completion_ids
        Their ids.
    filters
        Which are meant, where no id is given.
    json
        Print JSON.
    connection
        Which gateway, with which key.

    """
    output = Output(as_json=json)
    filtered = query(filters)
    if bool(completion_ids) == bool(filtered):
        raise ConfigError("Give ids of completions, or flags that say which are meant.")
    client = connect(connection)
    deleted = _delete_all(client, filtered) if filtered else _delete_each(client, completion_ids)
    if json:
        output.json({"deleted": deleted})
    else:
        output.line(f"{deleted} deleted")
    return 0


def export(
    *,
    filters: Annotated[FilterFlags, Parameter(name="*")] = FilterFlags(),
    out: Path | None = None,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Write stored completions as lines of JSON, in the form that fine-tuning of chat models takes.

    Parameters
    ----------
    filters
        Which are meant; without any, all that a model can learn from.
    out
        File to write to, which is there only when it is whole; otherwise standard output.
    connection
        Which gateway, with which key.

    """
    pieces = connect(connection).download(f"/interactions/export{query(filters)}")
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return 0
    _save(pieces, out)
    return 0


def _save(pieces: Iterator[bytes], out: Path) -> None:
    """Write the file under its name when it is whole; nothing is left of one that is not."""
    begun = out.with_name(out.name + ".part")
    try:
        with begun.open("wb") as file:
            file.writelines(pieces)
        begun.replace(out)
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror}.") from error
    finally:
        begun.unlink(missing_ok=True)


def _delete_each(client: Client, completion_ids: tuple[str, ...]) -> int:
    from antiphon.cli.client import checked

    for completion_id in completion_ids:
        checked(client.send("DELETE", f"/interactions/{quote(completion_id, safe='')}"))
    return len(completion_ids)


def _delete_all(client: Client, filtered: str) -> int:
    from antiphon.cli.client import checked

    return int(checked(client.send("DELETE", f"/interactions{filtered}"))["deleted"])


def _row(found: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    return (
        found["completion_id"],
        moment(found["created_at_ms"]),
        found["model"] or "",
        found["session_id"] or "",
        str(found["usage"]["total_tokens"]),
        answer_line(found["completion"]),
    )
