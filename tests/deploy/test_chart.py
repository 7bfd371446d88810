"""The Helm chart: rendered by Helm itself, and held against the schemas of several Kubernetes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from antiphon.clock import SystemClock
from antiphon.db.backup import backups_for, restore
from antiphon.db.migrate import own_migrations
from antiphon.db.open import open_database
from tests.fixtures.databases.programs import find
from tests.fixtures.databases.server import PostgresServer

from .known import complaints, known_variables
from .tools import CHART, helm, reader, run

PEPPER = "0123456789abcdef" * 4
OWN = ("--set", f"secret.pepper={PEPPER}", "--set", "postgresql.password=secret")
FOREIGN = (
    *("--set", f"secret.pepper={PEPPER}", "--set", "postgresql.enabled=false"),
    *("--set", "database.url=postgresql://antiphon:secret@db.example/antiphon"),
)
KEPT = ("--set", "secret.existing=kept")
SHARED = (*OWN, "--set", "nats.servers={nats://one:4222,nats://two:4222}", "--set", "nats.address=tls://nats.example")
MORE = (*OWN, "--set", "gateway.autoscaling.enabled=true", "--set", "backup.enabled=true")
CASES = {
    "more": MORE,
    "own": OWN,
    "foreign": FOREIGN,
    "kept": KEPT,
    "shared": SHARED,
    "alone": (*OWN, "--set", "nats.enabled=false"),
}
KUBERNETES = ("1.30", "1.33", "1.37")
JSON = Any  # Any: Kubernetes' objects

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def rendered(*words: str) -> list[JSON]:
    """The objects that an installation with these values would make."""
    done = run(helm(), "template", "try", CHART, *words)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def of_kind(objects: list[JSON], kind: str) -> list[JSON]:
    """Those of one kind."""
    return [found for found in objects if found["kind"] == kind]


def pods(objects: list[JSON]) -> list[JSON]:
    """What pods are made from."""
    running = of_kind(objects, "Deployment") + of_kind(objects, "StatefulSet")
    now_and_then = [found["spec"]["jobTemplate"] for found in of_kind(objects, "CronJob")]
    return [found["spec"]["template"]["spec"] for found in running + now_and_then]


@pytest.mark.parametrize("case", CASES)
def test_helm_has_nothing_against_it(case: str) -> None:
    """`helm lint --strict` passes."""
    done = run(helm(), "lint", "--strict", CHART, *CASES[case])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", KUBERNETES)
def test_objects_are_what_kubernetes_knows(case: str, version: str, tmp_path: Path) -> None:
    """No field is unknown to that version, or of another type."""
    file = tmp_path / "objects.yaml"
    file.write_text(yaml.safe_dump_all(rendered(*CASES[case])), encoding="utf-8")
    done = run(reader().with_name("kubernetes-validate"), "--strict", "-k", version, file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "secret.pepper"),
        (("--set", f"secret.pepper={PEPPER}"), "postgresql.password"),
        ((*OWN, "--set", "postgresql.enabled=false"), "database.url"),
        ((*OWN, "--set", "gateway.replicas=none"), "/gateway/replicas"),
        ((*OWN, "--set", "gateway.replica=2"), "replica"),
        ((*OWN, "--set", "secret.pepper=short"), "/secret/pepper"),
        ((*OWN, "--set", "backup.schedule=nightly"), "/backup/schedule"),
    ],
)
def test_wrong_values_are_refused(words: tuple[str, ...], complaint: str) -> None:
    """By name, before anything is installed."""
    done = run(helm(), "template", "try", CHART, *words)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_gateways_are_told_of_settings_that_there_are(tmp_path: Path) -> None:
    """Each variable is a setting, and a gateway accepts the file made of `gateway.settings`."""
    upstream = "gateway.settings.upstreams[0]"
    objects = rendered(*OWN, "--set", f"{upstream}.url=http://vllm:8000", "--set", f"{upstream}.kind=vllm")
    (gateway,) = of_kind(objects, "Deployment")
    variables = {
        each["name"]: each.get("value", "") for each in gateway["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert set(variables) - known_variables() == set()
    (settings,) = of_kind(objects, "ConfigMap")
    file = tmp_path / "antiphon.yaml"
    file.write_text(settings["data"]["antiphon.yaml"], encoding="utf-8")
    (secret,) = of_kind(objects, "Secret")
    said = {
        "ANTIPHON_AUTH__PEPPER": secret["stringData"]["pepper"],
        "DATABASE_URL": secret["stringData"]["database-url"],
    }
    del variables["ANTIPHON_CONFIG"]
    assert complaints(file, variables | said) == ""


def test_pods_end_slowly_and_may_do_little() -> None:
    """A gateway has its drain and more; nobody is root, gets more rights, or is told of the cluster."""
    objects = rendered(*MORE, "--set", "gateway.drainSeconds=120")
    (gateway,) = of_kind(objects, "Deployment")
    spec = gateway["spec"]["template"]["spec"]
    pause_s = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > 120 + pause_s
    assert gateway["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    for pod in pods(objects):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_budget_is_of_the_gateways() -> None:
    """It selects the pods that the Deployment makes, and so does the Service."""
    objects = rendered(*OWN)
    (gateway,) = of_kind(objects, "Deployment")
    labels = gateway["spec"]["template"]["metadata"]["labels"]
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert any(service["spec"]["selector"].items() <= labels.items() for service in of_kind(objects, "Service"))


def test_the_number_of_gateways_is_given_once() -> None:
    """By the Deployment, or between its number and a bound by what watches the load: not both, or they would fight."""
    (gateway,) = of_kind(rendered(*OWN), "Deployment")
    assert gateway["spec"]["replicas"] == 2
    objects = rendered(*MORE)
    (gateway,), (scaler,) = of_kind(objects, "Deployment"), of_kind(objects, "HorizontalPodAutoscaler")
    assert "replicas" not in gateway["spec"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == gateway["metadata"]["name"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 10)


def test_its_backups_can_be_restored(postgres: PostgresServer, tmp_path: Path) -> None:
    """The job's own script, run here: what it writes is taken by `restore`, and old files go."""
    (job,) = of_kind(rendered(*MORE), "CronJob")
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    urls = [new_database(postgres, name) for name in ("chart_before", "chart_after")]
    open_and_close(urls[0])
    old = tmp_path / "antiphon-20200101T000000Z.dump"
    old.touch()
    os.utime(old, (0, 0))
    path = os.pathsep.join([str(find()), os.environ["PATH"]])
    (script,) = container["args"]
    done = run(
        *("env", f"DATABASE_URL={urls[0]}", f"PATH={path}"),
        *(*container["command"], script.replace("/backups", str(tmp_path))),
    )
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.iterdir()
    assert made.stat().st_mode & 0o777 == 0o600
    environ = {**os.environ, "PATH": path}
    backups = backups_for(urls[1], data_dir=tmp_path, clock=SystemClock(), environ=environ)
    restore(backups, made, migrations=own_migrations())
    open_and_close(urls[1])


def new_database(postgres: PostgresServer, name: str) -> str:
    """The URL of a database with nothing but the schema `public`."""
    postgres.run(f"CREATE DATABASE {name}")
    return postgres.new_url().partition("&options=")[0].replace("/postgres?", f"/{name}?")


def open_and_close(url: str) -> None:
    """A database with all tables, as a start makes it."""
    asyncio.run(open_database(url, data_dir=Path("/nonexistent")).close())
