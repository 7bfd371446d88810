"""Prometheus as the Compose file starts it, with a gateway of this machine: it reads its rules and asks the gateway."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.examples.processes import fault_engine, free_port, gateway, started, variables, wait_until

from .stack import FOLDER
from .tools import DEPLOY, run

RULES = DEPLOY / "prometheus" / "alerts.yaml"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="Prometheus is taken from Debian's package"),
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with Prometheus and its tool, unpacked."""
    folder = tmp_path_factory.mktemp("prometheus")
    subprocess.run(("apt-get", "update", "-qq"), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(("apt-get", "download", "-qq", "prometheus"), check=True, cwd=folder)
    (package,) = folder.glob("prometheus*.deb")
    subprocess.run(("dpkg", "-x", package, folder / "unpacked"), check=True)
    return folder / "unpacked" / "usr" / "bin"


def configured(folder: Path, target: str) -> Path:
    """Its configuration, with rules and a gateway of this machine, asked each second."""
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    settings["rule_files"] = [str(RULES)]
    settings["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def asked(root: str, path: str) -> Any:  # Any: JSON
    """The data of an answer; None while nobody answers."""
    try:
        with urllib.request.urlopen(f"{root}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def test_its_own_tool_accepts_the_configuration(programs: Path, tmp_path: Path) -> None:
    """`promtool check config`, rules included."""
    done = run(programs / "promtool", "check", "config", configured(tmp_path, "gateway-1:8000"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_watches_a_gateway(programs: Path, tmp_path: Path) -> None:
    """The gateway is up, what it measures has arrived, and no rule fails."""
    root = f"http://127.0.0.1:{free_port()}"
    storage = ("--storage.tsdb.path", str(tmp_path / "data"), "--web.listen-address", root.removeprefix("http://"))
    with (
        fault_engine(tmp_path, model="fault-model") as engine,
        gateway(tmp_path, ["--no-model", "--upstream", engine]) as served,
        started(
            [
                str(programs / "prometheus"),
                *("--config.file", str(configured(tmp_path, served.root.removeprefix("http://")))),
                *storage,
            ],
            variables(tmp_path),
            tmp_path / "prometheus.log",
        ),
    ):
        query = f"query?query={quote('up * on (instance) antiphon_requests_in_flight >= 0')}"
        wait_until(lambda: (asked(root, query) or {"result": []})["result"] != [], what="the gateway is watched")
        wait_until(lambda: all(evaluated(root)), what="all rules were evaluated")
        rules = [rule for group in asked(root, "rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}
    assert {rule["name"] for rule in rules} == {rule["alert"] for group in groups() for rule in group["rules"]}


def evaluated(root: str) -> list[bool]:
    """Of each rule, whether it was looked at."""
    return [rule["health"] != "unknown" for group in asked(root, "rules")["groups"] for rule in group["rules"]]


def groups() -> Any:  # Any: YAML
    """The rules of the file."""
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
