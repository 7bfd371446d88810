"""Errors over the link: their meaning is kept, and what a stranger writes is shown as one plain line at most."""

from __future__ import annotations

import pytest

from antiphon.errors import AntiphonError, BadRequest, EngineFailed, EngineLost, NotFound, Saturated, Unavailable
from antiphon.link.frames import Failed
from antiphon.link.refusals import to_error, to_frame


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("temperature: must be a number.", param="temperature", code="engine_refused"),
        BadRequest("messages: too long.", param="messages", code="context_length_exceeded"),
        Saturated("Every node that serves this model is busy.", retry_after_s=7),
        Unavailable("The node's engine cannot be reached.", retry_after_s=3),
        EngineFailed("The engine broke."),
        EngineLost("The engine is gone."),
    ],
)
def test_an_error_comes_back_as_it_was(error: AntiphonError) -> None:
    """Class, words, field, code and wait."""
    again = to_error(to_frame(error, 1))
    assert type(again) is type(error)
    told = (error.message, error.param, error.code, error.retry_after_s)
    assert (again.message, again.param, again.code, again.retry_after_s) == told


@pytest.mark.parametrize("kind", ["saturated", "draining", "late"])
def test_a_busy_node_is_no_failure(kind: str) -> None:
    """It may be asked again in a moment."""
    error = to_error(Failed(1, kind))  # type: ignore[arg-type]
    assert isinstance(error, Saturated)
    assert error.retry_after_s == 1


def test_other_refusals_are_bad_requests() -> None:
    """A caller's fault stays one, with a code that this gateway knows."""
    assert isinstance(to_error(to_frame(NotFound("no such model"), 1)), BadRequest)
    assert to_error(Failed(1, "refused", "no", code="signature_stolen")).code == "engine_refused"
    assert to_error(Failed(1, "refused", "no", code="missing_api_key")).code == "engine_refused"


def test_a_strangers_words_are_tamed() -> None:
    """No control characters, no novel, no wait without end."""
    error = to_error(Failed(1, "refused", "\x1b[31m" + "bad\n" * 10_000, param="a\x00" * 500))
    assert error.message.startswith("?[31mbad bad")
    assert len(error.message) <= 300
    assert error.param is not None
    assert error.param.isprintable()
    assert to_error(Failed(1, "unavailable", retry_after_s=10**9)).retry_after_s == 60
    assert to_error(Failed(1, "deadline")).message == "The node failed."
