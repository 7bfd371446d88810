"""The units for systemd."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from antiphon.cli.app import build

from .known import known_variables
from .tools import DEPLOY, run

FOLDER = DEPLOY / "systemd"
UNITS = sorted(FOLDER.iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PROGRAM = "/opt/antiphon/bin/antiphon"


def directives(unit: Path, name: str) -> list[str]:
    """What stands behind each directive of that name."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_variables_are_settings(unit: Path) -> None:
    """Each of them is one that a gateway knows."""
    assert {variable.partition("=")[0] for variable in directives(unit, "Environment")} - known_variables() == set()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_commands_are_good(unit: Path) -> None:
    """They parse, as this version's command line."""
    (command,) = directives(unit, "ExecStart")
    program, *words = command.replace("$NODE", "--join join_x --slots 4").replace("%S", "/var/lib").split()
    assert program == PROGRAM
    build().parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_they_have_no_rights(unit: Path) -> None:
    """A user of their own, that cannot gain any, and nothing to write to but what is theirs."""
    told = unit.read_text(encoding="utf-8").splitlines()
    assert {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(told)


def test_backups_belong_to_the_gateway() -> None:
    """The backup runs as the gateway's user, in a folder of the gateway's."""
    gateway, backup = FOLDER / "antiphon.service", FOLDER / "antiphon-backup.service"
    assert directives(backup, "User") == [gateway.stem]
    assert directives(gateway, "StateDirectory")[0] in directives(backup, "StateDirectory")[0].split()
    assert directives(backup, "Environment") == directives(gateway, "Environment")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="only systemd's own tool knows its units")
def test_systemd_has_nothing_against_them(tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent, with a program that there is."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = run("systemd-analyze", "verify", "--man=no", *tmp_path.iterdir())
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
