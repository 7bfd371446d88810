"""Nugen's request rules and the bytes of its answers."""

from __future__ import annotations

import pytest

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Logprob, ToolCallDelta, Usage
from antiphon.completions.dialects import Head, RequestBounds, nugen
from antiphon.errors import BadRequest

HEAD = Head(id="nugen-1", created=1704123600.0, model="nugen-flash-instruct", node="node-1")
EXACT = Head(id="nugen-1", created=1704123600.0, model="nugen-flash-instruct", exact=True)
USAGE = Usage(prompt_tokens=12, completion_tokens=8)
BARE = b'"usage":{"prompt_tokens":12,"completion_tokens":8,"total_tokens":20}'
FULL = BARE[:-1] + b',"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}'
START = b'data: {"id":"nugen-1","created":1704123600.0,"model":"nugen-flash-instruct","choices":['
MIDDLE = START.replace(b'"choices"', b'"object":"chat.completion.chunk","choices"')


def read(fields: str = "", headers: dict[bytes, bytes] | None = None, message: str = "") -> ChatRequest:
    """The request with these further fields."""
    body = f'{{"model":"m","messages":[{{"role":"user","content":"Hi"{message}}}]{fields}}}'
    return nugen.parse(body.encode(), headers or {}, RequestBounds(4, 3))


def test_the_defaults_of_the_door() -> None:
    """They hold where the request says nothing, and for null."""
    for fields in ("", ',"max_tokens":null,"temperature":null,"prompt_truncate_len":null,"n":null,"stream":null'):
        request = read(fields)
        assert (request.sampling.max_tokens, request.sampling.temperature) == (2000, 1.0)
        assert (request.prompt_tokens_max, request.prompt_limit_firm, request.n) == (1500, False, 1)
        assert (request.door, request.shortens, request.scores, request.stores) == ("nugen", True, True, False)


def test_the_caller_wins_over_the_door() -> None:
    """Whatever is given stands."""
    request = read(',"max_tokens":5,"temperature":0,"prompt_truncate_len":64')
    assert (request.sampling.max_tokens, request.sampling.temperature) == (5, 0)
    assert (request.prompt_tokens_max, request.prompt_limit_firm) == (64, True)


def test_names_hold_no_hyphens_here() -> None:
    """Nugen documents letters, digits and underscores."""
    assert read(message=',"name":"a_1"').messages[0].name == "a_1"
    with pytest.raises(BadRequest, match=r"messages\[0\]\.name"):
        read(message=',"name":"a-1"')


def test_the_session_comes_in_a_header() -> None:
    """Any visible text; in the body too, if both agree."""
    assert read(headers={b"x-session-id": b"chat/7"}).session_id == "chat/7"
    assert read(',"session_id":"chat/7"', {b"x-session-id": b"chat/7"}).session_id == "chat/7"
    for value in (b"", b"a b", b"\xff", b"x" * 257):
        with pytest.raises(BadRequest, match="X-Session-ID"):
            read(headers={b"x-session-id": value})
    with pytest.raises(BadRequest, match="session_id"):
        read(',"session_id":"other"', {b"x-session-id": b"chat/7"})


def test_switches_of_tools_are_refused() -> None:
    """They belong to another door."""
    with pytest.raises(BadRequest, match=r"tools\[0\]"):
        read(',"tools":[{"id":"a","enabled":true}]')


def test_a_plain_answer() -> None:
    """A float `created`, OpenAI's other fields beside the documented ones."""
    assert nugen.render(Completion((Choice(content="Hi"),), USAGE), HEAD) == (
        b'{"id":"nugen-1","object":"chat.completion","created":1704123600.0,"model":"nugen-flash-instruct",'
        b'"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop","logprobs":null}],'
        + FULL
        + b"}"
    )


def test_an_exact_plain_answer() -> None:
    """Nothing but what is documented, byte for byte; the confidence where there is one."""
    assert nugen.render(Completion((Choice(content="Hi"),), USAGE, 89.5454), EXACT) == (
        b'{"id":"nugen-1","object":"chat.completion","created":1704123600.0,"model":"nugen-flash-instruct",'
        b'"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],'
        + BARE
        + b',"confidence_score":89.5454}'
    )


def test_a_stream() -> None:
    """The finishing event waits for the usage that belongs into it."""
    stream = nugen.stream(HEAD)
    role = b'{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null,"logprobs":null}'
    assert stream.delta(Delta(content="He")) == (
        b'data: {"id":"nugen-1","created":1704123600.0,"model":"nugen-flash-instruct","choices":['
        + role
        + b'],"object":"chat.completion.chunk"}\n\n'
    )
    text = b'{"index":0,"delta":{"content":"y"},"finish_reason":null}]}\n\n'
    assert stream.delta(Delta(content="y")) == MIDDLE + text
    assert stream.delta(Delta(finish_reason="stop")) == b""
    end = (
        b'{"index":0,"delta":{"content":""},"finish_reason":"stop","logprobs":null}],"object":"chat.completion.chunk",'
    )
    assert stream.end(USAGE, 50.0) == START + end + FULL + b',"confidence_score":50.0}\n\n'


def test_an_exact_stream() -> None:
    """No `object`; the usage inside the finishing event."""
    stream = nugen.stream(EXACT)
    first = b'{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}]}\n\n'
    assert stream.delta(Delta(content="He")) == START + first
    assert stream.delta(Delta(content="y")) == START + b'{"index":0,"delta":{"content":"y"},"finish_reason":null}]}\n\n'
    assert stream.delta(Delta(finish_reason="length")) == b""
    last = b'{"index":0,"delta":{"content":""},"finish_reason":"length"}],'
    assert stream.end(USAGE, None) == START + last + BARE + b"}\n\n"


def test_every_choice_finishes() -> None:
    """An end that is followed by another choice's text is sent before it; only the last one has the usage."""
    stream = nugen.stream(EXACT)
    stream.delta(Delta(0, "a"))
    stream.delta(Delta(1, "b"))
    assert stream.delta(Delta(0, finish_reason="stop")) == b""
    sent = stream.delta(Delta(1, "c"))
    assert sent.count(b"data: ") == 2
    assert sent.index(b'"finish_reason":"stop"') < sent.index(b'"content":"c"')
    assert stream.delta(Delta(1, finish_reason="stop")) == b""
    assert b'"index":1' in stream.end(USAGE, None)


def test_thinking_calls_and_logprobs() -> None:
    """Thinking has OpenRouter's name and the one that OpenAI's clients know; calls are OpenAI's."""
    stream = nugen.stream(HEAD)
    assert b'"reasoning":"hm","reasoning_content":"hm"' in stream.delta(Delta(reasoning="hm"))
    call = stream.delta(Delta(tool_calls=(ToolCallDelta(0, "call_1", "f", "{}"),)))
    assert (
        b'"tool_calls":[{"function":{"name":"f","arguments":"{}"},"index":0,"id":"call_1","type":"function"}]' in call
    )
    assert b'"logprob":-0.5' in stream.delta(Delta(content="a", logprobs=(Logprob("a", -0.5),)))
    plain = nugen.render(Completion((Choice(content="a", reasoning="hm"),), USAGE), EXACT)
    assert b'"message":{"role":"assistant","content":"a","reasoning":"hm"}' in plain
