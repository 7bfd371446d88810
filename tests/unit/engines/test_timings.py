"""What llama.cpp says that an answer has taken, an event at a time."""

from __future__ import annotations

import pytest

from antiphon.chat import Usage
from antiphon.engines.timings import spent


def test_what_was_read_and_generated() -> None:
    """A prompt holds what was read now and what was remembered."""
    told = b'{"choices":[],"timings":{"cache_n":24,"prompt_n":9,"prompt_ms":103.5,"predicted_n":4}}'
    assert spent(told) == Usage(33, 4, cached_tokens=24)


@pytest.mark.parametrize(
    "payload", [b"{}", b'{"timings":1}', b'{"timings":{"prompt_n":1}}', b"[" * 5000, b"\xff", b'{"timings":null}']
)
def test_an_event_that_does_not_tell(payload: bytes) -> None:
    """None, whatever else it is."""
    assert spent(payload) is None
