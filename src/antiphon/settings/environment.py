"""Settings from environment variables: `ANTIPHON_SERVER__PORT` is `server.port`, two underscores go one level down.

Also the variables that other tools taught people to set. Pure: the environment is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from antiphon.errors import ConfigError
from antiphon.settings.file import VARIABLE as FILE_VARIABLE
from antiphon.settings.layers import Assignment, Problem, flatten
from antiphon.settings.paths import EVERY, SettingPath, path_text
from antiphon.settings.schema import Schema
from antiphon.settings.texts import from_text

PREFIX = "ANTIPHON_"
CLIENT_KEY_VARIABLE = "ANTIPHON_CLIENT_KEY"  # the key that our own commands send, not a setting
WALLET_KEY_VARIABLE = "ANTIPHON_WALLET_KEY"  # the private key that `topup` pays with, not a setting either
NOT_SETTINGS = (FILE_VARIABLE, CLIENT_KEY_VARIABLE, WALLET_KEY_VARIABLE)
# Kubernetes sets these for a service that is called antiphon; nobody wrote them.
SERVICE_LINK = re.compile(r"ANTIPHON_(SERVICE_(HOST|PORT)|PORT)(_.*)?")


def assignments(environment: Mapping[str, str], schema: Schema) -> Iterator[Assignment | Problem]:
    """What the environment sets, in a fixed order; a variable that is empty counts as absent."""
    yield from _borrowed(environment)
    for name in sorted(environment):
        own = name.startswith(PREFIX) and name not in NOT_SETTINGS and not SERVICE_LINK.fullmatch(name)
        if own and environment[name]:
            yield from _assigned(name, environment[name], schema)


def variable_name(path: SettingPath) -> str:
    """The variable that sets a path; `N` stands for the number of a list's item."""
    return PREFIX + "__".join("N" if segment == EVERY else str(segment) for segment in path).upper()


def _assigned(name: str, text: str, schema: Schema) -> Iterator[Assignment | Problem]:
    segments = name.removeprefix(PREFIX).lower().split("__")
    path = tuple(int(segment) if re.fullmatch(r"[0-9]{1,6}", segment) else segment for segment in segments)
    source = f"environment {name}"
    setting = schema.find(path)
    try:
        value = from_text(text, setting)
    except ConfigError as error:
        yield Problem(path_text(path), source, error.message)
        return
    if setting is None and isinstance(value, dict):
        yield from flatten(value, source, path)
    elif setting is None:
        near = schema.nearest(path)
        hint = f"; did you mean {variable_name(near)}?" if near else ""
        yield Problem(path_text(path), source, f"There is no such setting{hint}")
    else:
        yield Assignment(path, value, source)


def _borrowed(environment: Mapping[str, str]) -> Iterator[Assignment]:
    if folder := environment.get("XDG_DATA_HOME"):
        yield Assignment(("data_dir",), str(Path(folder) / "antiphon"), "environment XDG_DATA_HOME")
    if folder := environment.get("HF_HOME"):
        yield Assignment(("hub", "cache_dir"), str(Path(folder) / "hub"), "environment HF_HOME")
    if address := environment.get("HF_ENDPOINT"):
        yield Assignment(("hub", "address"), address, "environment HF_ENDPOINT")
    if token := environment.get("HF_TOKEN"):
        yield Assignment(("hub", "token"), token, "environment HF_TOKEN")
    if url := environment.get("DATABASE_URL"):
        yield Assignment(("database", "url"), url, "environment DATABASE_URL")
    if environment.get("OTEL_SDK_DISABLED", "").lower() != "true":
        for name, field in (("OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint"), ("OTEL_SERVICE_NAME", "service_name")):
            if value := environment.get(name):
                yield Assignment(("observability", "otlp", field), value, f"environment {name}")
