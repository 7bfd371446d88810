"""Adaptive's text completions: rules, and the bytes of answers."""

from __future__ import annotations

import pytest

from antiphon.chat import Choice, Completion, Delta, Logprob, Usage
from antiphon.completions.dialects import Head, RequestBounds, adaptive_text
from antiphon.errors import BadRequest

HEAD = Head(id="cmpl-1", created=5, model="m", session_id="s", completion_ids=("one", "two"))
EXACT = Head("cmpl-1", 5, "m", "node", "s", ("one",), include_usage=True, exact=True)
USAGE = Usage(prompt_tokens=2, completion_tokens=1)
BARE = b'"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}'
START = b'{"id":"cmpl-1","created":5,"session_id":"s","choices":['
CHOICE = b'{"index":0,"text":"%s","completion_id":"one","model":"m","finish_reason":%s}'


def test_the_rules_of_the_door() -> None:
    """Projects come first, turns are kept, sessions are UUIDs."""
    request = adaptive_text.parse(b'{"model":"p","prompt":"a","max_tokens":0}', {}, RequestBounds(4, 3))
    assert (request.project_first, request.identified, request.stores) == (True, True, True)
    assert (request.prompts, request.sampling.max_tokens) == (("a",), 0)
    with pytest.raises(BadRequest, match="session_id"):
        adaptive_text.parse(b'{"model":"p","prompt":"a","session_id":"s"}', {}, RequestBounds(4, 3))


def test_exact_answers() -> None:
    """Plain and streamed, only what is documented."""
    plain = adaptive_text.render(Completion((Choice(content="Hi"),), USAGE), EXACT)
    assert plain == START + CHOICE % (b"Hi", b'"stop"') + b"]," + BARE + b"}"
    stream = adaptive_text.stream(EXACT)
    assert stream.delta(Delta(content="Hi")) == b"data: " + START + CHOICE % (b"Hi", b"null") + b"]}\n\n"
    assert stream.end(USAGE, None) == b"data: " + START + b"]," + BARE + b"}\n\n"


def test_answers_hold_what_openai_clients_need() -> None:
    """`object` and `model`, and the tokens where they were asked for."""
    plain = adaptive_text.render(Completion((Choice(1, "x", logprobs=(Logprob("x", -0.5),)),), USAGE), HEAD)
    assert plain.endswith(b'"object":"text_completion","model":"m"}')
    assert b'"completion_id":"two"' in plain
    assert b'"token_logprobs":[-0.5]' in plain
    stream = adaptive_text.stream(HEAD)
    stream.delta(Delta(0, "ab", logprobs=(Logprob("ab", -0.5),)))
    assert b'"text_offset":[2]' in stream.delta(Delta(0, "c", logprobs=(Logprob("c", -0.5),)))
    assert stream.end(USAGE, None) == b""
