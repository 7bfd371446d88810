"""The local chain's packages: found where they are, and a clear word where they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.chain.packages import packages
from antiphon.errors import ConfigError

NPM = """#!/bin/sh
{lines}
"""


def npm(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a script stand for npm."""
    program = folder / "npm"
    program.write_text(NPM.format(lines=lines))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_what_is_there_is_not_fetched_again(chain_packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the pinned versions in the folder no npm is needed."""
    monkeypatch.setenv("PATH", "")
    parts = packages(chain_packages)
    assert parts.anvil.stat().st_mode & 0o100
    assert parts.token.is_file()
    assert parts.signature_checker.is_file()


def test_without_npm_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names Node.js."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"no npm on the PATH: install Node\.js 20"):
        packages(tmp_path / "packages")


def test_what_npm_says_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it fails, its words are the message's end."""
    npm(tmp_path, "echo no such version >&2; exit 3", monkeypatch)
    with pytest.raises(ConfigError, match=r"ended with 3 in .*\nno such version"):
        packages(tmp_path / "packages")


def test_scripts_of_packages_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told so, and writes no lock file; a machine that the program is not made for is told of."""
    npm(tmp_path, 'echo "$@" > words', monkeypatch)
    with pytest.raises(ConfigError, match=r"no @foundry-rs/anvil 1\.7\.1 for this machine"):
        packages(tmp_path / "packages")
    words = (tmp_path / "packages" / "words").read_text().split()
    assert {"install", "--ignore-scripts", "--no-package-lock"} <= set(words)


def test_another_version_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier release fetched is not taken for what is wanted."""
    old = tmp_path / "packages" / "node_modules" / "@foundry-rs" / "anvil"
    old.mkdir(parents=True)
    (old / "package.json").write_text('{"version": "1.0.0"}')
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="no npm"):
        packages(tmp_path / "packages")


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names it."""
    npm(tmp_path, "exit 0", monkeypatch)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        packages(tmp_path / "file" / "packages")
