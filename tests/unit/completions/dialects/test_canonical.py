"""The bytes of OpenAI's answers, as clients read them."""

from __future__ import annotations

import msgspec

from antiphon.chat import Choice, Completion, Delta, Logprob, TokenLogprob, ToolCall, ToolCallDelta, Usage
from antiphon.completions.dialects import Head
from antiphon.completions.dialects.canonical import ChunkStream, render

HEAD = Head(id="c-1", created=5, model="m", node="node-1")
USAGE = Usage(prompt_tokens=7, completion_tokens=2, cached_tokens=3, reasoning_tokens=1)
USAGE_JSON = (
    b'{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,'
    b'"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}}'
)
ENTRY = Logprob("a", -0.5, [97], [TokenLogprob("a", -0.5, [97])])
ENTRY_JSON = (
    b'{"content":[{"token":"a","logprob":-0.5,"bytes":[97],'
    b'"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]}]}],"refusal":null}'
)


def plain(choice: bytes) -> bytes:
    """The answer around one choice."""
    head = b'{"id":"c-1","object":"chat.completion","created":5,"model":"m","choices":['
    return head + choice + b'],"usage":' + USAGE_JSON + b',"metadata":{"node_id":"node-1"}}'


def chunk(delta: bytes, *, index: int = 0, logprobs: bytes = b"null", finish: bytes = b"null") -> bytes:
    """The event around one delta."""
    head = b'data: {"id":"c-1","object":"chat.completion.chunk","created":5,"model":"m","choices":['
    choice = b'{"index":%d,"delta":%s,"logprobs":%s,"finish_reason":%s}' % (index, delta, logprobs, finish)
    return head + choice + b"]}\n\n"


def test_a_plain_answer() -> None:
    """Refusal and log-probabilities are there as null, the rest only where there is any."""
    message = b'{"role":"assistant","content":"Hi \xe2\x98\x83","refusal":null}'
    expected = plain(b'{"index":0,"message":' + message + b',"logprobs":null,"finish_reason":"stop"}')
    assert render(Completion((Choice(content="Hi \u2603"),), USAGE), HEAD) == expected


def test_an_answer_with_calls_thinking_and_logprobs() -> None:
    """Content is null beside calls when nothing was said."""
    choice = Choice(
        index=1,
        content="",
        reasoning="hm",
        tool_calls=(ToolCall("call_1", "f", '{"x":1}'),),
        logprobs=(ENTRY,),
        finish_reason="tool_calls",
    )
    call = rb'{"function":{"name":"f","arguments":"{\"x\":1}"},"id":"call_1","type":"function"}'
    message = (
        b'{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[' + call + b'],"refusal":null}'
    )
    expected = b'{"index":1,"message":' + message + b',"logprobs":' + ENTRY_JSON + b',"finish_reason":"tool_calls"}'
    assert render(Completion((choice,), USAGE), HEAD) == plain(expected)


def test_chunks_of_plain_text() -> None:
    """The role comes once, the finish reason with an empty delta."""
    renderer = ChunkStream(HEAD)
    assert renderer.delta(Delta(content="He")) == chunk(b'{"role":"assistant","content":"He"}')
    assert renderer.delta(Delta(content='l"o')) == chunk(rb'{"content":"l\"o"}')
    assert renderer.delta(Delta(finish_reason="stop")) == chunk(b"{}", finish=b'"stop"')


def test_the_quick_and_the_general_path_agree() -> None:
    """Bytes put together by hand are those that the encoder would give."""
    renderer = ChunkStream(HEAD)
    renderer.delta(Delta(content="a"))
    delta = Delta(content="\n\u2603\x00")
    assert renderer.delta(delta) == renderer.event(delta)


def test_thinking_first() -> None:
    """The role comes with the first thought, and no content beside it."""
    renderer = ChunkStream(HEAD)
    assert renderer.delta(Delta(reasoning="h")) == chunk(b'{"role":"assistant","reasoning_content":"h"}')
    assert renderer.delta(Delta(reasoning="m")) == chunk(b'{"reasoning_content":"m"}')
    assert renderer.delta(Delta(content="a")) == chunk(b'{"content":"a"}')


def test_the_usage_event() -> None:
    """No choice, the usage, and the stream's head."""
    head = b'data: {"id":"c-1","object":"chat.completion.chunk","created":5,"model":"m","choices":[],"usage":'
    assert (
        ChunkStream(msgspec.structs.replace(HEAD, include_usage=True)).end(USAGE, None) == head + USAGE_JSON + b"}\n\n"
    )


def test_tool_deltas() -> None:
    """Id, type and name come in a call's first piece, arguments in all."""
    renderer = ChunkStream(HEAD)
    first = b'{"function":{"name":"f","arguments":""},"index":0,"id":"call_1","type":"function"}'
    begun = renderer.delta(Delta(tool_calls=(ToolCallDelta(0, "call_1", "f"),)))
    assert begun == chunk(b'{"role":"assistant","content":null,"tool_calls":[' + first + b"]}")
    piece = renderer.delta(Delta(tool_calls=(ToolCallDelta(0, arguments="{}"),)))
    assert piece == chunk(b'{"tool_calls":[{"function":{"arguments":"{}"},"index":0}]}')


def test_choices_begin_in_order() -> None:
    """The third speaks first: the two before it get their roles first, and never again."""
    renderer = ChunkStream(HEAD)
    role = b'{"role":"assistant","content":""}'
    begun = chunk(role, index=0) + chunk(role, index=1) + chunk(b'{"role":"assistant","content":"c"}', index=2)
    assert renderer.delta(Delta(index=2, content="c")) == begun
    assert renderer.delta(Delta(index=0, content="a")) == chunk(b'{"content":"a"}', index=0)
    assert renderer.delta(Delta(index=1, content="b")) == chunk(b'{"content":"b"}', index=1)


def test_with_logprobs_the_role_stands_alone() -> None:
    """An event of its own, then the text with its entries."""
    role = chunk(b'{"role":"assistant","content":""}')
    text = chunk(b'{"content":"a"}', logprobs=ENTRY_JSON)
    renderer = ChunkStream(HEAD)
    assert renderer.delta(Delta(content="a", logprobs=(ENTRY,))) == role + text
    assert renderer.delta(Delta(content="a", logprobs=(ENTRY,))) == text


def test_what_it_cost() -> None:
    """Where it is charged, also nothing; a number that is exact as it is written."""
    for cost, text in ((0, b"0"), (18, b"0.000018"), (10**15 + 1, b"1000000000.000001")):
        usage = msgspec.structs.replace(USAGE, cost=cost)
        shown = USAGE_JSON[:-1] + b',"cost":' + text + b"}"
        assert b'"usage":' + shown in render(Completion((Choice(content="Hi"),), usage), HEAD)
        assert b'"usage":' + shown in ChunkStream(msgspec.structs.replace(HEAD, include_usage=True)).end(usage, None)
