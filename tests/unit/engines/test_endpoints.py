"""Which address a job goes to."""

from __future__ import annotations

import pytest

from antiphon.chat import Message, Prompt, Sampling
from antiphon.engines import Job
from antiphon.engines.endpoints import CHAT, TEXT, endpoint
from antiphon.engines.kinds import kind


@pytest.mark.parametrize("prompt", ["Once", (1, 2)])
def test_a_prompt_goes_to_texts(prompt: Prompt) -> None:
    """Whatever it is written as."""
    job = Job("m", (), Sampling(), prompt=prompt)
    assert endpoint(job) is TEXT
    assert b'"prompt":' in TEXT.encode(job, kind("vllm"), stream=False)
    assert (TEXT.path, TEXT.param) == ("/v1/completions", "prompt")


def test_messages_go_to_chats() -> None:
    """As most jobs do."""
    job = Job("m", (Message("user", "Hi"),), Sampling())
    assert endpoint(job) is CHAT
    assert b'"messages":' in CHAT.encode(job, kind("vllm"), stream=False)
    assert (CHAT.path, CHAT.param) == ("/v1/chat/completions", "messages")
