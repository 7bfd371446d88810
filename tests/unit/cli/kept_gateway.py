"""A gateway that has stored three completions, for tests of the commands that read them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from antiphon.accounts.keys import mint
from antiphon.cli.client import Client
from antiphon.cli.endpoint import Endpoint
from antiphon.settings.model import Settings
from tests.unit.cli.gateway_thread import gateway_in_thread

SESSION = "00000000-0000-4000-8000-000000000001"


@contextlib.contextmanager
def kept_gateway(folder: Path) -> Iterator[tuple[str, str]]:
    """Its base URL and its key; two of the completions are turns of one session."""
    key = mint("test")
    with gateway_in_thread(Settings(data_dir=folder / "data"), key) as base_url:
        client = Client(Endpoint(base_url.removesuffix("/v1"), key))
        asked = [{"role": "user", "content": "Hello"}]
        said = [{"role": "assistant", "content": "Hi \x1b[31mthere"}, {"role": "user", "content": "Well?"}]
        for number, (messages, completion) in enumerate(
            ((asked, "Hi there"), (asked + said, "Very well"), (asked, "Oh"))
        ):
            body = {
                "project": "default",
                "messages": messages,
                "completion": completion,
                "model_service": "m",
                "created_at": f"2026-11-2{number}T12:00:00Z",
                **({"session_id": SESSION, "labels": {"env": "prod"}} if number < 2 else {}),
            }
            assert client.post("/api/v1/interactions", body).status == 201
        yield base_url, key
