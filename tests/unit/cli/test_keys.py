"""`antiphon keys`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.keys import digest, well_formed
from antiphon.settings.load import load


@pytest.mark.parametrize(("words", "prefix"), [((), "dkn_live_"), (("--test",), "dkn_test_")])
def test_a_key_is_made(run: Callable[..., Any], words: tuple[str, ...], prefix: str) -> None:
    """The key alone is on standard output; it is a new one each time."""
    key = run("keys", "new", *words).out.strip()
    assert key.startswith(prefix)
    assert well_formed(key)
    assert run("keys", "new", *words).out.strip() != key


def test_the_lines_for_the_file_work(run: Callable[..., Any], tmp_path: Path) -> None:
    """They can be pasted as they are."""
    ran = run("keys", "new", "billing")
    (tmp_path / "antiphon.yaml").write_text(ran.notes[ran.notes.index("keys:") :])
    (key,) = load(variables={}, folder=tmp_path).settings.keys
    assert (key.name, key.key_sha256) == ("billing", digest(ran.out.strip()))


def test_scripts_get_key_and_digest(run: Callable[..., Any]) -> None:
    """In one object."""
    told = json.loads(run("keys", "new", "a", "--json").out)
    assert told["name"] == "a"
    assert told["key_sha256"] == digest(told["key"])
