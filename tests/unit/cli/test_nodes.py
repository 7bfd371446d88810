"""`antiphon nodes`, against a gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.keys import mint
from antiphon.agent.wallet import Wallet, new_key
from antiphon.cli.client import Client, checked
from antiphon.cli.endpoint import Endpoint
from antiphon.clock import SystemClock
from antiphon.errors import AntiphonError
from antiphon.nodes.enrolment import enrolment_text, read
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread
from tests.unit.nodes.membership import nkey

Ask = Callable[..., Any]


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A gateway, and a key of its operator."""
    key = mint("test")
    with gateway_in_thread(Settings(data_dir=tmp_path / "data"), key) as url:
        yield url, key


@pytest.fixture
def ask(run: Callable[..., Any], base_url: tuple[str, str]) -> Ask:
    """Runs a command of the group against it."""
    url, key = base_url
    return lambda *words: run("nodes", *words, "--base-url", url, "--key", key)


def enrolled(url: str, token: str) -> str:
    """The id of a machine that came with a token."""
    wallet, told = Wallet(new_key()), read(token)
    now_s = int(SystemClock().now())
    text = enrolment_text(wallet.address, nkey(), told.secret, now_s)
    body = {
        "secret": told.secret,
        "nkey": nkey(),
        "address": wallet.address,
        "signature": wallet.signed(text),
        "issued_at_s": now_s,
        "name": "machine",
    }
    return str(checked(Client(Endpoint(url, None)).post("/nodes/enrol", body))["id"])


def test_the_life_of_a_node(ask: Ask, base_url: tuple[str, str]) -> None:
    """Invited, enrolled, listed, drained and back, renamed, banned, removed."""
    made = ask("invite", "--name", "attic", "--expires", "30m", "--url", "https://g.example")
    assert made.code == 0
    (line,) = [line for line in made.out.splitlines() if line.startswith("antiphon node --join join_")]
    assert "is shown only now" in made.notes
    assert "only this machine reaches" not in made.notes
    token = line.split()[-1]
    assert read(token).url == "https://g.example"
    node = enrolled(base_url[0], token)
    listed = json.loads(ask("list", "--json").out)["data"]
    assert [(one["id"], one["name"], one["state"], one["presence"]) for one in listed] == [
        (node, "attic", "active", "gone")
    ]
    for words, state in ((("drain", "attic"), "drained"), (("undrain", node), "active")):
        assert json.loads(ask(*words, "--json").out)["state"] == state
    assert json.loads(ask("rename", "attic", "loft", "--json").out)["name"] == "loft"
    assert json.loads(ask("tag", "loft", "gpu", "eu", "--json").out)["tags"] == ["eu", "gpu"]
    assert ask("tag", "loft", "no tag").code == 1
    assert json.loads(ask("tag", "loft", "--json").out)["tags"] == []
    shown = {words[0]: words[-1] for line in ask("show", "loft").out.splitlines() if (words := line.split(maxsplit=1))}
    assert (shown["name"], shown["models"], shown["state"]) == ("loft", "-", "active")
    assert json.loads(ask("ban", "loft", "--json").out)["state"] == "banned"
    refused = ask("undrain", "loft")
    assert (refused.code, "remove it" in refused.notes) == (1, True)
    assert ask("remove", "loft").code == 0
    gone = ask("show", "loft")
    assert (gone.code, "There is no node of that id or name." in gone.notes) == (1, True)


def test_people_see_a_table(ask: Ask, base_url: tuple[str, str]) -> None:
    """One line a node; a bare `nodes` lists them, and a token for this machine alone is told from others."""
    invited = ask("invite", "--json")
    enrolled(base_url[0], json.loads(invited.out)["token"])
    assert "only this machine reaches" in ask("invite").notes
    for words in (("list",), ()):
        heading, row = [line.split() for line in ask(*words).out.splitlines()]
        assert heading[:4] == ["NODE", "STATE", "PRESENCE", "MODELS"]
        assert row[:6] == ["machine", "active", "gone", "-", "-", "-"]


def test_invites_are_listed_and_revoked(ask: Ask, base_url: tuple[str, str]) -> None:
    """A token that went astray makes no machine a node once its invite is revoked."""
    enrolled(base_url[0], json.loads(ask("invite", "--name", "attic", "--json").out)["token"])
    astray = json.loads(ask("invite", "--json").out)
    heading, used, waiting = [line.split() for line in ask("invites").out.splitlines()]
    assert (heading[:3], used[1:3], waiting[:3]) == (
        ["INVITE", "STATE", "NAME"],
        ["used", "attic"],
        [astray["id"], "open", "-"],
    )
    assert ask("revoke", astray["id"]).code == 0
    assert [one["state"] for one in json.loads(ask("invites", "--json").out)["data"]] == ["used"]
    with pytest.raises(AntiphonError, match="unknown here"):
        enrolled(base_url[0], astray["token"])
    again = ask("revoke", astray["id"])
    assert (again.code, "There is no invite of that id." in again.notes) == (1, True)


def test_flags_are_checked(ask: Ask) -> None:
    """Before anything is asked."""
    assert (ask("invite", "--expires", "soon").code, ask("invite", "--name", "node_1").code) == (2, 1)
