"""The list of models and one model: what a client needs to know before it asks."""

from __future__ import annotations

from urllib.parse import quote

from .answers import Refusal
from .client import Client


def test_the_list_holds_the_model(client: Client) -> None:
    """OpenAI's list, with what the model can do beside it."""
    listed = client.http.get("/v1/models").json()
    assert listed["object"] == "list"
    (model,) = [entry for entry in listed["data"] if entry["id"] == client.model]
    assert model["object"] == "model"
    assert type(model["created"]) is int
    assert model["owned_by"]
    assert model["context_length"] > 0
    assert model["modalities"] == ["text"]
    assert {"temperature", "tools", "response_format", "logprobs"} <= set(model["supported_parameters"])
    assert model["nodes"] >= 1


def test_one_model_is_the_entry_of_the_list(client: Client) -> None:
    """By its name as it is, and with its slashes and colons escaped."""
    listed = {entry["id"]: entry for entry in client.http.get("/v1/models").json()["data"]}
    for name in (client.model, quote(client.model, safe=""), quote(client.model, safe="/")):
        answer = client.http.get(f"/v1/models/{name}")
        assert answer.status_code == 200, name
        assert answer.json() == listed[client.model]


def test_an_unknown_model_is_404(client: Client) -> None:
    """Also one whose name is a part or an escape of a known one."""
    for name in ("nothing", client.model + "/", client.model.split("/")[0], "..%2F..%2Fetc"):
        answer = client.http.get(f"/v1/models/{name}")
        assert answer.status_code == 404, name
        assert Refusal.of(answer).code == "model_not_found"
