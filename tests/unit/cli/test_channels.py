"""`antiphon channel list` and what else is done with channels, against a gateway."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antiphon.accounts.keys import mint
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread


def test_the_life_of_a_channel(run: Callable[..., Any], tmp_path: Path) -> None:
    """Made, listed, shared and deleted; a bare `channel` lists."""
    key = mint("test")
    with gateway_in_thread(Settings(data_dir=tmp_path / "data"), key) as base_url:

        def ask(*words: str) -> Any:  # Any: what a command did
            return run("channel", *words, "--base-url", base_url, "--key", key)

        made = ask("create", "team", "--member", "bob", "--member", "carol")
        assert (made.out, made.notes) == ("development/team\n", "Members: bob, carol\n")
        assert ask("create", "news", "--public").out == "news\n"
        lines = ask().out.splitlines()
        assert [line.split()[:2] for line in lines] == [
            ["CHANNEL", "FOR"],
            ["general", "everybody"],
            ["news", "everybody"],
            ["requests", "everybody"],
            ["development/team", "members"],
        ]
        shared = ask("share", "development/team", "--add", "dan", "--remove", "bob", "--json")
        assert json.loads(shared.out)["members"] == ["carol", "dan"]
        assert ask("delete", "team").code == ask("delete", "news").code == 0
        assert len(json.loads(ask("list", "--json").out)["data"]) == 2
        gone = ask("delete", "team")
        assert (gone.code, "does not exist" in gone.notes) == (1, True)
