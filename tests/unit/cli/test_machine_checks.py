"""Checks of the machine."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from antiphon.accounts.development import development_key
from antiphon.cli.machine_checks import clock, data_dir, keys, open_files
from antiphon.clock import ManualClock
from antiphon.settings.model import KeySettings, Settings
from antiphon.settings.secret import Secret


@pytest.mark.parametrize(("now", "status"), [(0.0, "fail"), (1_700_000_000.0, "fail"), (1_800_000_000.0, "ok")])
def test_a_clock_of_the_past_is_wrong(now: float, status: str) -> None:
    """Nobody runs a program before it was written."""
    assert clock(ManualClock(now)).status == status


def test_the_data_folder_is_made(tmp_path: Path) -> None:
    """And nothing is left in it."""
    assert data_dir(tmp_path / "a" / "b").status in {"ok", "warn"}
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "file").touch()
    finding = data_dir(tmp_path / "file" / "x")
    assert finding.status == "fail"
    assert "--data-dir" in finding.advice


def test_few_open_files_are_told() -> None:
    """When the system's limit is below the settings'."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert open_files(1).status == "ok"
    if hard != resource.RLIM_INFINITY:
        assert open_files(hard).status == "warn"


def test_a_gateway_without_keys_of_its_own_is_told(tmp_path: Path) -> None:
    """Unless the database holds some, every request would be refused."""
    assert keys(Settings(data_dir=tmp_path, development_key=False)).status == "warn"
    named = (KeySettings(name="a", key=Secret("k")),)
    assert keys(Settings(data_dir=tmp_path, development_key=False, keys=named)).status == "ok"


def test_the_development_key_is_told(tmp_path: Path) -> None:
    """Whether it is there, never what it is."""
    assert "will be made" in keys(Settings(data_dir=tmp_path)).found
    key = development_key(tmp_path)
    found = keys(Settings(data_dir=tmp_path)).found
    assert "is made" in found
    assert key not in found
