"""`antiphon channel`, against a gateway."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.keys import mint
from antiphon.cli import channel
from antiphon.cli.channel_follower import ChannelFollower
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread

Ask = Callable[..., Any]


@pytest.fixture
def ask(run: Callable[..., Any], tmp_path: Path) -> Iterator[Ask]:
    """Runs a command of the group."""
    key = mint("test")
    with gateway_in_thread(Settings(data_dir=tmp_path / "data"), key) as base_url:
        yield lambda *words: run("channel", *words, "--base-url", base_url, "--key", key)


def test_messages_are_posted_read_and_removed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """From words or standard input, once where that is asked for; what a stranger wrote moves no cursor."""
    first = ask("post", "general", "Hello \x1b[31m\nyou", "--name", "ann").out.strip()
    assert first.startswith("msg-")
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("Second\n"))
        assert json.loads(ask("post", "general", "--once", "k", "--json").out)["content"] == "Second"
    shown = ask("read", "general")
    assert [line[21:] for line in shown.out.splitlines()] == ["ann: Hello ?[31m you", "development: Second"]
    assert shown.notes == ""
    page = ask("read", "general", "--limit", "1")
    assert page.notes.startswith("There are more: --before msg-")
    assert json.loads(ask("read", "general", "--after", first, "--json").out)["messages"][0]["content"] == "Second"
    assert ask("remove", first).code == 0
    gone = ask("remove", first)
    assert (gone.code, "does not exist" in gone.notes) == (1, True)
    refused = ask("read", "none")
    assert (refused.code, "there is no channel" in refused.notes) == (1, True)


def test_a_channel_is_followed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the last ones, or from a place; as lines for people, as JSON for scripts."""
    ids = [ask("post", "general", str(number)).out.strip() for number in range(4)]
    messages = ChannelFollower.messages

    def two(follower: ChannelFollower, **wanted: Any) -> Iterator[channel.Message]:
        return islice(messages(follower, **wanted), 2)

    monkeypatch.setattr(ChannelFollower, "messages", two)
    assert [line[-1] for line in ask("follow", "general", "--last", "2").out.splitlines()] == ["2", "3"]
    found = ask("follow", "general", "--after", ids[0], "--json").out.splitlines()
    assert [json.loads(line)["id"] for line in found] == ids[1:3]
    assert ask("follow", "general", "--last", "201").code == 2
