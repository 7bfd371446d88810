"""The Compose file: what it tells gateways, what it tells the proxy, and that a reader of the format accepts it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bench.build import install_debian
from bench.peers.nginx import program

from .known import complaints, known_variables
from .stack import FOLDER, composed, filled
from .tools import reader, run

GATEWAYS = ("gateway-1", "gateway-2")
READ = "import sys; from compose_spec import PyCompose; print(*PyCompose.from_yaml(sys.stdin.read()).service_names())"
SECRETS = {
    "ANTIPHON_AUTH__PEPPER": "0123456789abcdef" * 4,
    "POSTGRES_PASSWORD": "secret",
    "GRAFANA_PASSWORD": "secret",
    "ADMIN_KEY_SHA256": "56a31ba82771873d0aca92ff8d3ba56e65d9734306a04e709705db7b9018605e",
}


def test_gateways_are_told_of_settings_that_there_are() -> None:
    """Each variable is a setting, and all gateways have the same."""
    services = composed()["services"]
    for name in GATEWAYS:
        assert set(services[name]["environment"]) - known_variables() == set()
        assert services[name] == services[GATEWAYS[0]]


def test_gateways_accept_their_settings() -> None:
    """With the secrets that env.example asks for, `antiphon config check` finds nothing."""
    example = (FOLDER / "env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=$", example, re.MULTILINE)) == set(SECRETS)
    environment = composed()["services"][GATEWAYS[0]]["environment"]
    variables = {name: filled(value, SECRETS) for name, value in environment.items() if name != "ANTIPHON_CONFIG"}
    assert complaints(FOLDER / "antiphon.yaml", variables | SECRETS) == ""


def test_gateways_may_drain() -> None:
    """They are given more time to end than their answers have."""
    settings = yaml.safe_load((FOLDER / "antiphon.yaml").read_text(encoding="utf-8"))
    for name in GATEWAYS:
        grace_s = int(composed()["services"][name]["stop_grace_period"].removesuffix("s"))
        assert grace_s > settings["server"]["drain_s"]


def mounts(service: str) -> dict[str, str]:
    """What a service is given of this folder: where it finds it, and what it is."""
    found = {}
    for volume in composed()["services"][service].get("volumes", ()):
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            found[target] = source
    return found


@pytest.mark.parametrize("service", composed()["services"])
def test_what_it_mounts_is_there(service: str) -> None:
    """Else an engine would make an empty folder of that name, and go on."""
    assert {source for source in mounts(service).values() if not (FOLDER / source).exists()} == set()


def test_prometheus_asks_each_gateway() -> None:
    """By its own name, at the port where it listens, and reads the rules where they are put."""
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = settings["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"{name}:8000" for name in GATEWAYS]
    assert set(settings["rule_files"]) <= set(mounts("prometheus"))


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    """What it is provisioned with leads to what the file starts and mounts."""
    (source,) = yaml.safe_load((FOLDER / "grafana" / "datasources.yaml").read_text(encoding="utf-8"))["datasources"]
    assert source["url"].startswith("http://prometheus:")
    (provider,) = yaml.safe_load((FOLDER / "grafana" / "dashboards.yaml").read_text(encoding="utf-8"))["providers"]
    folder = mounts("grafana")[provider["options"]["path"]]
    home = composed()["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (FOLDER / folder / home.rpartition("/")[2]).is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_reader_of_the_format_accepts_it() -> None:
    """A strict reader of the Compose specification knows every field."""
    done = run(reader(), "-c", READ, given=yaml.safe_dump(composed()))
    assert done.returncode == 0, done.stderr
    others = {"proxy", "postgres", "nats", "nats-config", "prometheus", "grafana", "vllm"}
    assert set(done.stdout.split()) == {*GATEWAYS, *others}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_haproxy_accepts_its_configuration(tmp_path: Path) -> None:
    """`haproxy -c`, with the gateways' names standing for this machine."""
    if program("haproxy") is None:
        install_debian("haproxy")
    file = tmp_path / "haproxy.cfg"
    text = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8")
    file.write_text(re.sub(r"\bgateway-\d:", "127.0.0.1:", text), encoding="utf-8")
    done = run(str(program("haproxy")), "-c", "-f", file)
    assert done.returncode == 0, done.stderr
