"""`antiphon node`: this machine serves models as a node of a gateway."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.cli.flags import SettingFlags

NAME_CHARACTERS_MAX = 64


@dataclass(frozen=True, kw_only=True)
class NodeFlags:
    """One field a flag; None or empty where the flag was not given."""

    engine: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Server on this machine that speaks the OpenAI wire, as URL or KIND+URL, to be served in place of models run
    here. Repeatable."""
    engine_key: str | None = None
    """Key sent to that server; better kept in the environment or the file."""
    model: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Model to run here, as for `serve`; without any, and without --engine, the small built-in one. Repeatable."""
    slots: int | None = None
    """Requests generated at once; otherwise as the engine says, else 4."""
    context_length: int | None = None
    """Context of one request in tokens, for every model run here."""
    threads: int | None = None
    """Processor threads, for every model run here."""
    data_dir: str | None = None
    """Folder of model files and of the node's keys."""
    config: Path | None = None
    """Configuration file; otherwise as `serve` finds it."""
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    """The least important log lines that are written."""
    set: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Any setting, as path=value. Repeatable."""


def node(
    *,
    join: str | None = None,
    name: str | None = None,
    flags: Annotated[NodeFlags, Parameter(name="*")] = NodeFlags(),
    json: bool = False,
) -> int:
    """Serve until interrupted.

    Parameters
    ----------
    join
        The token that `antiphon nodes invite` printed at the gateway; once this machine is a node it needs none.
    name
        What the node is called, unless the invite says otherwise; this machine's name where it is not given.
    flags
        What to serve.
    json
        Print each step as one line of JSON.

    """
    from antiphon.cli.flags import assignments
    from antiphon.cli.node_announcer import JSONAnnouncer, TextAnnouncer
    from antiphon.clock import SystemClock
    from antiphon.errors import ConfigError
    from antiphon.settings.load import load

    try:
        from antiphon.agent.node import Plan, run
    except ImportError as error:
        raise ConfigError(
            f"Nodes take packages that are not installed: pip install 'antiphon[nodes]' ({error})."
        ) from None
    settings = load(
        config=flags.config, variables=os.environ, flags=assignments(setting_flags(flags)), folder=Path.cwd()
    ).settings
    output = Output(as_json=json)
    announcer = JSONAnnouncer(output) if json else TextAnnouncer(output, SystemClock())
    plan = Plan(settings, name or machine_name(socket.gethostname()), join, flags.slots)
    return run(plan, announce=announcer, environ=os.environ)


def setting_flags(flags: NodeFlags) -> SettingFlags:
    """The flags of `serve` that these stand for."""
    from antiphon.cli.flags import SettingFlags

    return SettingFlags(
        config=flags.config,
        model=flags.model,
        context_length=flags.context_length,
        parallel=None if flags.engine else flags.slots,
        threads=flags.threads,
        upstream=flags.engine,
        upstream_key=flags.engine_key,
        data_dir=flags.data_dir,
        log_level=flags.log_level,
        set=flags.set,
    )


def machine_name(host: str) -> str:
    """A machine's own name as a node may be called."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", host.partition(".")[0]).strip("._-")
    return plain[:NAME_CHARACTERS_MAX] or "node"
