"""`antiphon campaigns`: the campaigns of a running gateway, listed, made, started, changed and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

from cyclopts import Parameter

from antiphon.cli.campaign_flags import CampaignFlags, body, weights
from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output
from antiphon.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

Connection = Annotated[ConnectionFlags, Parameter(name="*")]


def list_campaigns(
    *,
    project: str | None = None,
    archived: bool = False,
    json: bool = False,
    connection: Connection = ConnectionFlags(),
) -> int:
    """List the account's campaigns, the newest first.

    Parameters
    ----------
    project
        Only those of this project.
    archived
        The archived ones too.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    fields = {"project": project, "archived": "true" if archived else None}
    asked = urlencode({name: value for name, value in fields.items() if value is not None})
    found = _ask(connection, "GET", f"?{asked}" if asked else "")
    output = Output(as_json=json)
    if json:
        output.json(found)
        return 0
    output.table([("CAMPAIGN", "STATUS", "SHARE", "VARIANTS", "GOALS"), *map(_row, found["data"])])
    return 0


def show(campaign: str, /, *, json: bool = False, connection: Connection = ConnectionFlags()) -> int:
    """Show a campaign and its variants.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "GET", _path(campaign)), json=json)


def create(
    key: str,
    /,
    *,
    fields: Annotated[CampaignFlags, Parameter(name="*")],
    json: bool = False,
    connection: Connection = ConnectionFlags(),
) -> int:
    """Make a campaign.

    Parameters
    ----------
    key
        Its name, which no other campaign of the account has or had.
    fields
        What it is.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "POST", given=body(key, fields)), json=json)


def change(
    campaign: str,
    /,
    *,
    share: float | None = None,
    weight: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    json: bool = False,
    connection: Connection = ConnectionFlags(),
) -> int:
    """Change a campaign's share of the requests, or its variants' weights.

    Parameters
    ----------
    campaign
        Its key or id.
    share
        The part of the project's requests that takes part.
    weight
        A variant's weight, as KEY=NUMBER. Repeatable.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    given: dict[str, Any] = {}  # Any: JSON
    if share is not None:
        given["share"] = share
    if weight:
        given["weights"] = weights(weight)
    if not given:
        raise ConfigError("Nothing is to be changed: give --share or --weight.")
    return _print(_ask(connection, "PATCH", _path(campaign), given=given), json=json)


def start(campaign: str, /, *, json: bool = False, connection: Connection = ConnectionFlags()) -> int:
    """Let requests take part.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _step(campaign, "start", connection, json=json)


def pause(campaign: str, /, *, json: bool = False, connection: Connection = ConnectionFlags()) -> int:
    """Let requests get what the project says, until it is started again.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _step(campaign, "pause", connection, json=json)


def stop(campaign: str, /, *, json: bool = False, connection: Connection = ConnectionFlags()) -> int:
    """End a campaign for good.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _step(campaign, "stop", connection, json=json)


def archive(campaign: str, /, *, json: bool = False, connection: Connection = ConnectionFlags()) -> int:
    """Keep a campaign that is over out of the lists.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _step(campaign, "archive", connection, json=json)


def _step(campaign: str, step: str, connection: ConnectionFlags, *, json: bool) -> int:
    return _print(_ask(connection, "POST", f"{_path(campaign)}/{step}", given={}), json=json)


def _path(campaign: str) -> str:
    return f"/{quote(campaign, safe='')}"


def _ask(
    connection: ConnectionFlags, method: str, path: str = "", *, given: Mapping[str, object] | None = None
) -> Any:  # Any: the gateway's JSON
    from antiphon.cli.client import checked

    return checked(connect(connection).send(method, f"/campaigns{path}", given))


def _print(campaign: dict[str, Any], *, json: bool) -> int:  # Any: the gateway's JSON
    output = Output(as_json=json)
    if json:
        output.json(campaign)
        return 0
    ending = campaign["ending"]
    fields = [("key", campaign["key"]), ("status", campaign["status"]), ("share", f"{campaign['share']:g}")]
    fields += [("goals", _goals(campaign) or "-"), ("unit", campaign["unit"])]
    if ending is not None:
        fields.append(("ended", ": ".join(filter(None, (ending["reason"], ending["sentence"])))))
    output.table(fields)
    output.line()
    output.table([("VARIANT", "MODEL", "WEIGHT", ""), *map(_variant, campaign["variants"])])
    return 0


def _row(campaign: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    return (
        campaign["key"],
        campaign["status"],
        f"{campaign['share']:g}",
        " ".join(variant["key"] for variant in campaign["variants"]),
        _goals(campaign),
    )


def _goals(campaign: dict[str, Any]) -> str:  # Any: the gateway's JSON
    return " ".join(goal["metric"] for goal in campaign["goals"])


def _variant(variant: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    return variant["key"], variant["model"] or "-", f"{variant['weight']:g}", "dropped" if variant["dropped"] else ""
