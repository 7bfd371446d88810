"""`antiphon projects`: the projects of a running gateway, listed, shown, made, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output
from antiphon.cli.project_flags import ProjectFlags, body

if TYPE_CHECKING:
    from collections.abc import Mapping

Field = Literal[
    "description", "default_model", "models", "system_prompt", "arguments", "tool_providers", "defaults", "store"
]


def list_projects(
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List the projects that the key may use.

    Parameters
    ----------
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    found = _ask(connection, "GET")
    output = Output(as_json=json)
    if json:
        output.json(found)
        return 0
    output.table([("PROJECT", "DEFAULT MODEL", "MODELS", "PROMPT", "FROM"), *map(_row, found["data"])])
    return 0


def show(
    project: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Show a project.

    Parameters
    ----------
    project
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "GET", project), json=json)


def create(
    key: str,
    /,
    *,
    fields: Annotated[ProjectFlags, Parameter(name="*")] = ProjectFlags(),
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Make a project.

    Parameters
    ----------
    key
        The name that requests use.
    fields
        What it is.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "POST", given={"key": key, **body(fields)}), json=json)


def update(
    project: str,
    /,
    *,
    fields: Annotated[ProjectFlags, Parameter(name="*")] = ProjectFlags(),
    unset: Annotated[tuple[Field, ...], Parameter(consume_multiple=False)] = (),
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Change a project; what no flag names stays as it is.

    Parameters
    ----------
    project
        Its key or id.
    fields
        What is changed.
    unset
        A field to empty. Repeatable.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", project, given=body(fields, unset)), json=json)


def delete(
    project: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Delete a project; what was stored for its requests stays.

    Parameters
    ----------
    project
        Its key or id.
    connection
        Which gateway, with which key.

    """
    _ask(connection, "DELETE", project)
    return 0


def _ask(
    connection: ConnectionFlags, method: str, project: str | None = None, *, given: Mapping[str, object] | None = None
) -> Any:  # Any: the gateway's JSON
    from antiphon.cli.client import checked

    path = "/projects" if project is None else f"/projects/{quote(project, safe='')}"
    return checked(connect(connection).send(method, path, given))


def _print(project: dict[str, Any], *, json: bool) -> int:  # Any: the gateway's JSON
    output = Output(as_json=json)
    if json:
        output.json(project)
        return 0
    hidden = {"object", "created_at_ms", "updated_at_ms"}
    output.table([(field, _shown(value)) for field, value in project.items() if field not in hidden])
    return 0


def _row(project: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    return (
        project["key"],
        project["default_model"] or "",
        " ".join(project["models"]) or "all",
        f"{len(project['system_prompt'])} characters" if project["system_prompt"] else "",
        project["origin"],
    )


def _shown(value: Any) -> str:  # Any: the gateway's JSON
    """A value on one line."""
    import json

    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\n", "\\n")
