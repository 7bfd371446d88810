"""`antiphon models`: what a gateway offers; fetching a model file ahead of time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output, size_text

if TYPE_CHECKING:
    from antiphon.settings.model import Settings


def list_models(
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List the models that the key may use.

    Parameters
    ----------
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get("/models"))
    if json:
        output.json(found)
        return 0
    rows = [_row(model) for model in found["data"]]
    output.table([("MODEL", "STATE", "CONTEXT", "INPUT", "PROMPT", "COMPLETION"), *rows])
    if any(row[4] for row in rows):
        output.note("Prices are USDC for a million tokens.")
    return 0


def pull(reference: str, /, *, config: Path | None = None, data_dir: Path | None = None, json: bool = False) -> int:
    """Download a model file, or find it where it is already.

    Parameters
    ----------
    reference
        A known name, hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:QUANTISATION, a URL or a path.
    config
        Configuration file.
    data_dir
        Folder to keep it in, as for `serve`.
    json
        Print JSON.

    """
    from antiphon.cli.progress import Progress
    from antiphon.clock import SystemClock
    from antiphon.modelfiles import resolve
    from antiphon.sources.hub import hub_access

    output = Output(as_json=json)
    settings = _settings(config, data_dir)
    with Progress(output, SystemClock()) as progress:
        found = resolve(
            reference,
            data_dir=settings.data_dir,
            hub=hub_access(settings.hub),
            on_progress=lambda at: progress.update(f"{at.step} {at.name}", at.done_bytes, at.total_bytes),
            environ=os.environ,
        )
    if json:
        output.json(
            {"reference": reference, "path": str(found.path), "sha256": found.sha256, "size_bytes": found.size_bytes}
        )
        return 0
    output.line(str(found.path))
    output.note(f"{size_text(found.size_bytes)}, SHA-256 {found.sha256}")
    return 0


def _settings(config: Path | None, data_dir: Path | None) -> Settings:
    from antiphon.settings.layers import Assignment
    from antiphon.settings.load import load

    flags = [Assignment(("data_dir",), str(data_dir), "flag --data-dir")] if data_dir else []
    return load(config=config, variables=os.environ, flags=flags, folder=Path.cwd()).settings


def _row(model: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    """A model as a row; other servers' lists have little more than the id."""
    pricing = model.get("pricing") or {}
    context = model.get("context_length")
    return (
        str(model["id"]),
        str(model.get("state") or ""),
        f"{context:,}" if isinstance(context, int) else "",
        " ".join(model.get("modalities") or ()),
        _price(pricing.get("prompt_micro_usdc_per_mtoken")),
        _price(pricing.get("completion_micro_usdc_per_mtoken")),
    )


def _price(micro_usdc: object) -> str:
    return f"{micro_usdc / 1_000_000:g}" if isinstance(micro_usdc, int) and micro_usdc else ""
