"""`antiphon keys`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.accounts.keys import digest, well_formed
from antiphon.cli.client import Client
from antiphon.cli.endpoint import Endpoint
from antiphon.settings.load import load
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread

PATIENCE_S = 2.0


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


def listed(run: Callable[..., Any], *words: str) -> dict[str, dict[str, Any]]:
    """The keys by their ids, as scripts see them."""
    return {row["id"]: row for row in json.loads(run("keys", "list", "--json", *words).out)["data"]}


def test_a_stored_key_is_made_once_and_listed(run: Callable[..., Any]) -> None:
    """Its characters are on standard output alone, and the list shows no more of it than people may see."""
    ran = run("keys", "create", "laptop", "--account", "ann")
    key = ran.out.strip()
    assert well_formed(key)
    assert key.startswith("dkn_test_")  # the settings make a development key
    assert "account ann" in ran.notes
    assert key not in run("keys").out
    ((key_id, row),) = listed(run).items()
    assert (row["account"], row["name"], row["scopes"]) == ("ann", "laptop", ["channel", "credits", "inference"])
    assert re.search(rf"{key_id} +ann +laptop +{key[:12]}\.\.\.{key[-4:]} +active", run("keys").out)


def test_a_stored_key_may_what_the_flags_say(run: Callable[..., Any]) -> None:
    """And is a live one where there is no development key."""
    words = (
        *("--scope", "inference", "--model", "a", "--model", "b", "--project", "p", "--requests-per-minute", "1"),
        *("--tokens-per-minute", "2", "--parallel-max", "3", "--spend-cap", "2.5", "--expires-in", "90d", "--json"),
    )
    Path("antiphon.yaml").write_text("development_key: false")
    made = json.loads(run("keys", "create", "agent", *words).out)
    assert made["api_key"].startswith("dkn_live_")
    row = made["key"]
    assert (row["account"], row["scopes"], row["models"], row["projects"]) == (
        "agent",
        ["inference"],
        ["a", "b"],
        ["p"],
    )
    assert (row["requests_per_minute"], row["tokens_per_minute"], row["parallel_max"]) == (1, 2, 3)
    assert row["spend_cap_micro_usdc"] == 2_500_000
    assert row["expires_at_ms"] - row["created_at_ms"] == pytest.approx(90 * 86_400_000, abs=5_000)


def test_a_key_is_revoked_and_rotated(run: Callable[..., Any]) -> None:
    """What ended is listed only when it is asked for."""
    first = json.loads(run("keys", "create", "--json").out)["key"]["id"]
    second = json.loads(run("keys", "rotate", first, "--overlap", "0s", "--json").out)["key"]["id"]
    assert set(listed(run)) == {second}
    assert run("keys", "revoke", second).code == 0
    assert listed(run) == {}
    states = {key_id: row["state"] for key_id, row in listed(run, "--all").items()}
    assert states == {first: "expired", second: "revoked"}
    assert listed(run, "--all", "--account", "nobody") == {}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("revoke", "key_0"), 1, "There is no key of that id"),
        (("rotate", "key_0"), 1, "There is no key of that id"),
        (("create", "--account", "0xabc"), 1, "account: expected a wallet's address"),
        (("create", "--expires-in", "soon"), 2, "--expires-in: expected a number and s, m, h or d"),
        (("create", "--scope", "keys", "--spend-cap", "1"), 1, "scopes: a key with the scope `keys`"),
    ],
)
def test_what_is_wrong_is_told(run: Callable[..., Any], words: tuple[str, ...], code: int, told: str) -> None:
    """In a sentence, with the exit code of its kind."""
    ran = run("keys", *words)
    assert (ran.code, told in ran.notes) == (code, True)


def test_a_running_gateway_follows(run: Callable[..., Any], tmp_path: Path) -> None:
    """A new key is good there at once; a revoked one is refused within two seconds."""
    data = ("--data-dir", str(tmp_path / "data"))
    with gateway_in_thread(Settings(data_dir=tmp_path / "data"), "sk-admin") as base_url:
        made = json.loads(run("keys", "create", "ann", "--json", *data).out)
        client = Client(Endpoint(base_url, made["api_key"]))
        assert client.get("/models").status == 200
        assert run("keys", "revoke", made["key"]["id"], *data).code == 0

        async def refused() -> None:
            async with asyncio.timeout(PATIENCE_S):
                while (await asyncio.to_thread(client.get, "/models")).status != 401:
                    pass

        asyncio.run(refused())
