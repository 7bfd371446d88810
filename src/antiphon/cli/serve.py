"""`antiphon serve`: settings read, the gateway run, its start told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.output import Output


def serve(
    *,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
    json: bool = False,
) -> int:
    """Serve until interrupted.

    Parameters
    ----------
    json
        Print each step of the start as one line of JSON.
    flags
        What to set.

    """
    from antiphon.cli.announcer import JSONAnnouncer, TextAnnouncer
    from antiphon.cli.local_chain import chained
    from antiphon.clock import SystemClock
    from antiphon.gateway.serve import run
    from antiphon.settings.load import load

    output = Output(as_json=json)
    loaded = load(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd())
    settings = loaded.settings
    announcer = JSONAnnouncer(output) if json else TextAnnouncer(output, SystemClock(), drain_s=settings.server.drain_s)
    with chained(settings, output, announcer) as (served, announce):
        return run(served, announce=announce, environ=os.environ)
