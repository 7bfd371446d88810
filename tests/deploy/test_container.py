"""The Containerfile's steps, followed on this machine: what they build starts as a user without rights, and answers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from bench.processes import free_port, stop

from .containerfile import Stage, stages
from .known import known_variables
from .tools import DEPLOY, REPOSITORY

CONTAINERFILE = DEPLOY / "Containerfile"
USER = 10001
NOBODY = "[{url: 'http://127.0.0.1:9'}]"  # an upstream that is down
READY_S_MAX = 60.0
PAUSE_S = 0.2
SBOM = "share/antiphon/sbom.cdx.json"
SIZE_BYTES_MAX = 250 * 1024 * 1024


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may look into, which a test's own is not."""
    made = Path(tempfile.mkdtemp(prefix="antiphon-image-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def interpreter() -> Path:
    """A Python that the image's user may run too: this one, or the system's."""
    for found in (Path(sys.executable).resolve(), Path("/usr/bin/python3")):
        with contextlib.suppress(OSError):
            if subprocess.run([found, "-c", "import ensurepip"], user=USER, check=False).returncode == 0:
                return found
    pytest.skip("no Python with venv that others than root may run")


def built(stage: Stage, folder: Path) -> None:
    """Follow the steps of the building stage, with nothing there but what it copies."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(interpreter())
    for text in stage.texts("COPY"):
        *sources, target = text.split()
        for source in sources:
            at = REPOSITORY / source
            if at.is_dir():
                shutil.copytree(at, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(at, folder / target)
    python = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http", "SSL"))}
    for command in stage.texts("RUN"):
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", command],
            cwd=folder,
            env=kept | python | stage.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def listed(sbom: Path) -> set[tuple[str, str]]:
    """The packages that a bill of materials names, with their versions."""
    told = json.loads(sbom.read_text(encoding="utf-8"))
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "antiphon")
    return {(one["name"], one["version"]) for one in (told["metadata"]["component"], *told["components"])}


def there(prefix: Path) -> set[tuple[str, str]]:
    """The packages that were installed."""
    (packages,) = (prefix / "lib").glob("python*/site-packages")
    found = metadata.distributions(path=[str(packages)])
    return {(one.metadata["Name"], one.version) for one in found}


def test_every_variable_of_the_image_is_a_setting() -> None:
    """What it sets for a gateway, gateways know."""
    *_, last = stages(CONTAINERFILE, {})
    assert {name for name in last.variables if name.startswith("ANTIPHON_")} - known_variables() == set()
    assert last.texts("USER") == [f"{USER}:{USER}"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_what_is_built_starts_without_rights(folder: Path) -> None:
    """As the image's user, with its variables, by its entry point; its health check then finds it well.

    `useradd` and the base image are what is not tried: a user's number is enough here, and Python is this machine's.
    """
    source, prefix, data = folder / "source", folder / "prefix", folder / "data"
    source.mkdir()
    data.mkdir()
    os.chown(data, USER, USER)
    build, last = stages(CONTAINERFILE, {"PREFIX": str(prefix)})
    built(build, source)
    assert sum(file.lstat().st_size for file in prefix.rglob("*")) < SIZE_BYTES_MAX
    assert listed(prefix / SBOM) == there(prefix)
    assert list(prefix.glob("lib/python*/site-packages/antiphon/handbook/index.md"))
    port = free_port()
    told = {"ANTIPHON_DATA_DIR": str(data), "ANTIPHON_SERVER__PORT": str(port), "ANTIPHON_UPSTREAMS": NOBODY}
    environment = last.variables | told | {"ANTIPHON_SERVER__PUBLIC_WITHOUT_TLS": "true", "HOME": str(data)}
    words = [*last.command("ENTRYPOINT"), *last.command("CMD")]
    process = subprocess.Popen(
        [str(prefix / "bin" / words[0]), *words[1:]],
        cwd=data,
        env=environment,
        user=USER,
        group=USER,
        extra_groups=(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        check = [word.replace(":8000", f":{port}") for word in last.command("HEALTHCHECK")]
        deadline = time.monotonic() + READY_S_MAX
        while subprocess.run(
            [str(prefix / "bin" / check[0]), *check[1:]], check=False, stderr=subprocess.DEVNULL
        ).returncode:
            assert process.poll() is None, "it ended at once"
            assert time.monotonic() < deadline, "it is not well in time"
            time.sleep(PAUSE_S)
    finally:
        stop(process)
