"""Checks of what generates: the engine's library, model files, upstreams."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from antiphon.cli.client import Client, Reply
from antiphon.cli.endpoint import Endpoint, base_url_of
from antiphon.cli.findings import Finding, fail, ok, warn
from antiphon.cli.output import size_text
from antiphon.errors import AntiphonError
from antiphon.modelfiles import find
from antiphon.settings.model import Settings
from antiphon.settings.serving import ModelSettings, UpstreamSettings
from antiphon.sources.hub import hub_access

ENGINE_LIBRARY = "xllamacpp"
IMPORT_TIMEOUT_S = 60
UPSTREAM_TIMEOUT_S = 5.0


def engine_library() -> Finding:
    """Whether the engine can be loaded, tried in a process of its own: a wrong build may crash it."""
    program = f"import {ENGINE_LIBRARY}; from importlib.metadata import version; print(version('{ENGINE_LIBRARY}'))"
    advice = "Install it with `pip install --force-reinstall 'antiphon[engine]'`."
    try:
        tried = subprocess.run(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=IMPORT_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return fail("engine", f"{ENGINE_LIBRARY} did not load within {IMPORT_TIMEOUT_S} s", advice)
    if tried.returncode != 0:
        reason = tried.stderr.strip().rpartition("\n")[2] or f"it ended with code {tried.returncode}"
        return fail("engine", f"{ENGINE_LIBRARY} cannot be loaded: {reason}", advice)
    return ok("engine", f"{ENGINE_LIBRARY} {tried.stdout.strip()}")


def model_files(model: ModelSettings, settings: Settings) -> Iterator[Finding]:
    """Whether the model's files are here and whole; nothing is downloaded."""
    check = f"model {model.name}"
    yield _file(check, model.reference, settings)
    if model.mmproj is not None:
        yield _file(f"{check}, image projector", model.mmproj, settings)
    if model.chat_template is not None and not Path(model.chat_template).expanduser().is_file():
        yield fail(check, f"the chat template {model.chat_template} does not exist", "Correct `chat_template`.")


def _file(check: str, reference: str, settings: Settings) -> Finding:
    try:
        found = find(reference, data_dir=settings.data_dir, hub=hub_access(settings.hub))
    except AntiphonError as error:
        return fail(check, error.message, "Correct its reference.")
    if found is not None:
        return ok(check, f"{found.path}, {size_text(found.size_bytes)}, SHA-256 {found.sha256[:12]}…")
    if reference.endswith(".gguf") and "://" not in reference and not reference.startswith("hf:"):
        return fail(check, f"there is no file {reference}", "Correct the path.")
    advice = f"It is fetched at the first start; `antiphon models pull {reference}` does so now."
    return warn(check, f"{reference} is not on this machine yet", advice)


def upstream(settings: UpstreamSettings) -> Finding:
    """Whether the upstream answers, takes our key and has the models that the configuration names."""
    check = f"upstream {settings.url}"
    key = settings.api_key.reveal() if settings.api_key else None
    client = Client(Endpoint(base_url_of(settings.url), key), read_timeout_s=UPSTREAM_TIMEOUT_S)
    try:
        return _listed(check, client.get("/models"), settings)
    except AntiphonError as error:
        return fail(check, error.message, "Start it, or correct its `url`; requests for its models get 503 meanwhile.")


def _listed(check: str, reply: Reply, settings: UpstreamSettings) -> Finding:
    if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return fail(check, f"it refuses the key (status {reply.status})", "Correct its `api_key`.")
    if reply.status != HTTPStatus.OK:
        advice = "Correct its `url`; name its `models` in the configuration if it cannot list them."
        finding = warn if settings.models else fail
        return finding(check, f"/v1/models answers {reply.status}", advice)
    try:
        offered = {str(model["id"]) for model in reply.json()["data"]}
    except (KeyError, TypeError):
        return fail(check, "/v1/models answers no list of models", "Correct its `url`.")
    wanted = {model.upstream_name or model.name for model in settings.models or ()}
    if missing := sorted(wanted - offered):
        return warn(
            check, f"it does not list {', '.join(missing)}", "Correct `upstream_name`, or load the model there."
        )
    return ok(check, f"offers {', '.join(sorted(offered)[:5]) or 'no model'}")
