"""From an address to outcomes."""

from __future__ import annotations

import pytest

from antiphon.clock import SystemClock
from antiphon.conformance.server import Subject
from antiphon.conformance.suite import chosen
from antiphon.conformance.survey import Survey, checked_key, root, survey
from antiphon.errors import ConfigError
from antiphon.ids import seeded

from .stub import always, stub


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1", "http://h:1"),
        ("http://h:1/", "http://h:1"),
        ("http://h:1/v1", "http://h:1"),
        ("http://h:1/v1/", "http://h:1"),
        ("https://h/openai/v1", "https://h/openai"),
    ],
)
def test_an_address_may_be_an_sdks(url: str, expected: str) -> None:
    """With `/v1` or without."""
    assert root(url) == expected


@pytest.mark.parametrize("key", ["a\r\nb: c", "schlüssel", "a b"])
def test_a_key_that_no_header_takes_is_refused(key: str) -> None:
    """Without being shown."""
    with pytest.raises(ConfigError) as refused:
        checked_key(key)
    assert key not in str(refused.value)
    assert checked_key("") is checked_key(None) is None


async def test_a_survey_asks_and_tells() -> None:
    """The model is found, the key sent, and each outcome told."""
    told: list[str] = []
    listed = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "o"}]}
    async with stub(always(listed)) as played:
        subject, outcomes = await survey(
            Survey(played.url + "/v1", "k", Subject("")),
            chosen(areas=("models",)),
            clock=SystemClock(),
            ids=seeded(1),
            on_outcome=lambda outcome: told.append(outcome.check.id),
        )
    assert subject.model == "m"
    assert {outcome.check.id: outcome.verdict for outcome in outcomes} == {
        "models.listing": "pass",
        "models.one": "fail",
        "models.unknown": "fail",
        "models.details": "lacks",
    }
    assert sorted(told) == sorted(outcome.check.id for outcome in outcomes)
    assert {request.headers["authorization"] for request in played.requests} == {"Bearer k"}


async def test_no_url_is_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError):
        await survey(Survey("gpu-1:8000"), (), clock=SystemClock(), ids=seeded(1))
