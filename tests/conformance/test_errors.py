"""Errors: their status, their two forms, and the headers that say what to do next."""

from __future__ import annotations

import httpx2
import pytest

from .answers import Refusal
from .client import CHAT, Client
from .conftest import DRIA_KEY, Gateway

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU"
    "lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_every_answer_has_a_request_id(client: Client) -> None:
    """Good or bad, whatever the path: it is what a user quotes to an operator."""
    answers = [
        client.send(max_tokens=1),
        client.send(temperature=9),
        client.http.get("/v1/models"),
        client.http.get("/v1/nothing-here"),
        client.http.get(CHAT),
        client.http.post(CHAT, json={}, headers={"authorization": "Bearer wrong"}),
    ]
    identities = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(identities)) == len(answers)
    assert all(identities)
    assert client.stream(max_tokens=1).headers["x-request-id"]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", "Basic dXNlcjpwYXNz", "wrong"])
def test_without_a_good_key_it_is_401(gateway: Gateway, authorization: str | None) -> None:
    """On every path of the API, and before the body is looked at."""
    headers = {"accept": "application/json"} | ({"authorization": authorization} if authorization else {})
    with httpx2.Client(base_url=gateway.url, headers=headers) as http:
        for answer in (http.post(CHAT, content=b"{"), http.get("/v1/models"), http.get("/v1/models/x")):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert Refusal.of(answer).type == "authentication_error"


def test_the_scheme_is_not_case_sensitive(gateway: Gateway) -> None:
    """HTTP says so."""
    with httpx2.Client(base_url=gateway.url) as http:
        assert http.get("/v1/models", headers={"authorization": f"bEaReR {gateway.key}"}).status_code == 200


def test_an_unknown_model_is_404_with_the_nearest_name(client: Client) -> None:
    """A slip of the finger gets the name that was meant."""
    refusal = client.refuse(status=404, model=client.model + "x")
    assert refusal.code == "model_not_found"
    assert client.model in refusal.message
    assert refusal.param in ("model", None)
    assert client.refuse(status=404, model="nothing-like-it").code == "model_not_found"


@pytest.mark.parametrize(
    "image", [{"type": "image_url", "image_url": {"url": PIXEL}}, {"type": "image_url", "image_url": PIXEL}]
)
def test_an_image_for_a_text_model_is_refused(client: Client, image: dict[str, object]) -> None:
    """The refusal names the model and the part."""
    content = [{"type": "text", "text": "What is it?"}, image]
    refusal = client.refuse(messages=[{"role": "user", "content": content}])
    assert client.model in refusal.message
    assert refusal.param is not None
    assert refusal.param.startswith("messages[0].content[1]")


def test_other_methods_and_paths_are_named(client: Client) -> None:
    """405 says what is allowed, 404 that nothing is there."""
    wrong = client.http.get(CHAT)
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert client.http.get("/v1/nothing").status_code == 404
    assert Refusal.of(client.http.get("/nothing")).code == "not_found"


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("application/json", False),
        ("text/plain", True),
        ("text/plain, application/json;q=0.5", True),
        ("application/json, text/plain;q=0.5", False),
        ("text/event-stream, application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_form_of_an_error_follows_accept(client: Client, accept: str, text: bool) -> None:
    """Both forms are the same sentence."""
    answer = client.http.post(CHAT, json=client.body(temperature=9), headers={"accept": accept})
    assert answer.status_code == 400
    check_form(answer, text=text)


@pytest.mark.own_gateway
@pytest.mark.parametrize(("accept", "text"), [("*/*", True), ("application/json", False), ("text/plain", True)])
def test_a_dria_key_gets_text_unless_it_asks_for_json(client: Client, accept: str, text: bool) -> None:
    """Dria documents text bodies; SDKs ask for JSON, and get it."""
    headers = {"accept": accept, "authorization": f"Bearer {DRIA_KEY}"}
    check_form(client.http.post(CHAT, json=client.body(temperature=9), headers=headers), text=text)
    good = client.http.post(CHAT, json=client.body(max_tokens=1), headers=headers)
    assert good.json()["id"].startswith("gen-")


def check_form(answer: httpx2.Response, *, text: bool) -> None:
    """One line of text, or the JSON object; the field is named in both."""
    kind = answer.headers["content-type"]
    if text:
        assert kind.startswith("text/plain")
        assert "\n" not in answer.text
        assert answer.text.startswith("temperature")
    else:
        assert kind.startswith("application/json")
        assert Refusal.of(answer).message.startswith("temperature")


def test_a_body_of_another_type_is_refused(client: Client) -> None:
    """A form is no JSON; a missing type is taken as JSON, as curl users expect, or refused with 415."""
    answer = client.http.post(CHAT, data={"model": "x"})
    assert answer.status_code in (400, 415)
    assert Refusal.of(answer).message
