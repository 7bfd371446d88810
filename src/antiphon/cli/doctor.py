"""`antiphon doctor`: every check in order, each told as soon as it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.cli.findings import Finding
    from antiphon.settings.load import Loaded
    from antiphon.settings.model import Settings

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m"}


def doctor(
    *,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
    json: bool = False,
) -> int:
    """Check everything that serving needs; the exit code is 1 when a check failed.

    Parameters
    ----------
    json
        Print one JSON object with all findings.
    flags
        What to set.

    """
    import msgspec

    output = Output(as_json=json)
    findings: list[Finding] = []
    for finding in _findings(flags):
        findings.append(finding)
        if not json:
            _show(finding, output)
    failed = sum(finding.status == "fail" for finding in findings)
    if json:
        output.json({"ok": not failed, "findings": msgspec.to_builtins(findings)})
    else:
        output.line(f"\n{failed} of {len(findings)} checks failed." if failed else "\nNothing is in the way.")
    return 1 if failed else 0


def _findings(flags: SettingFlags) -> Iterator[Finding]:
    from antiphon.cli import machine_checks
    from antiphon.cli.findings import fail, ok
    from antiphon.clock import SystemClock
    from antiphon.settings.load import examine

    yield machine_checks.clock(SystemClock())
    examined = examine(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd())
    for problem in examined.problems:
        yield fail("configuration", str(problem), "Correct it; docs/reference/configuration.md lists all settings.")
    if examined.loaded is not None:
        yield ok("configuration", _where(examined.loaded))
        yield from _with_settings(examined.loaded.settings)


def _with_settings(settings: Settings) -> Iterator[Finding]:
    from antiphon.cli import gateway_checks, machine_checks, model_checks, node_checks, storage_checks

    yield machine_checks.data_dir(settings.data_dir)
    yield machine_checks.open_files(settings.server.connections_max)
    yield machine_checks.keys(settings)
    yield from storage_checks.storage(settings)
    yield from node_checks.nodes(settings)
    if settings.models:
        yield model_checks.engine_library()
    for model in settings.models:
        yield from model_checks.model_files(model, settings)
    for upstream in settings.upstreams:
        yield model_checks.upstream(upstream)
    yield from gateway_checks.gateway(settings)


def _where(loaded: Loaded) -> str:
    models = ", ".join(model.name for model in loaded.settings.models)
    upstreams = ", ".join(upstream.url for upstream in loaded.settings.upstreams)
    served = "; ".join(part for part in (models, upstreams) if part)
    return f"{loaded.file or 'no file, defaults'}; serves {served}"


def _show(finding: Finding, output: Output) -> None:
    mark = MARKS[finding.status]
    if output.terminal:
        mark = f"{COLOURS[finding.status]}{mark}\x1b[0m"
    output.line(f"{mark}  {finding.check}: {finding.found}")
    if finding.advice:
        output.line(f"      {finding.advice}")
