"""Adaptive's request rules and the bytes of its answers."""

from __future__ import annotations

import pytest

from antiphon.chat import ChatRequest, Choice, Completion, Delta, ToolCall, ToolCallDelta, ToolOverride, Usage
from antiphon.completions.dialects import Head, RequestBounds, adaptive
from antiphon.errors import BadRequest

SESSION = "0b1c9a52-7c0f-4c86-9a8b-0d4e0c5c8a11"
COMPLETION = "5f0f1c1e-3b5a-4d0e-8a57-6d6ab4a2a001"
HEAD = Head(id="chatcmpl-1", created=1720712536.9, model="m", session_id=SESSION, completion_ids=(COMPLETION, "second"))
EXACT = Head("chatcmpl-1", 1720712536, "m", "node", SESSION, (COMPLETION, "second"), include_usage=True, exact=True)
USAGE = Usage(prompt_tokens=1, completion_tokens=1)
BARE = b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}'
START = b'{"id":"chatcmpl-1","created":1720712536,"session_id":"%s",' % SESSION.encode()
IDS = b'"index":0,"completion_id":"%s"' % COMPLETION.encode()
DELTA = b'"delta":{"id":"%s",' % COMPLETION.encode()


def read(fields: str = "", content: str = '"Hi"') -> ChatRequest:
    """The request with these further fields."""
    body = f'{{"model":"p/m","messages":[{{"role":"user","content":{content}}}]{fields}}}'
    return adaptive.parse(body.encode(), {}, RequestBounds(4, 3))


def test_the_rules_of_the_door() -> None:
    """Projects come first, turns are kept, every completion has an id; an empty `stream_options` says nothing."""
    request = read(',"stream_options":{}')
    assert (request.door, request.project_first, request.identified) == ("adaptive", True, True)
    assert (request.store, request.stores, request.scores, request.shortens) == (None, True, False, False)
    assert request.prompt_tokens_max is None
    assert request.sampling.max_tokens is None
    assert not request.include_usage


def test_none_at_all_may_be_asked_for() -> None:
    """Zero tokens are allowed here, and zero choices are one."""
    assert read(',"max_tokens":0').sampling.max_tokens == 0
    assert read(',"n":0').n == 1
    with pytest.raises(BadRequest, match="max_tokens"):
        read(',"max_tokens":-1')


@pytest.mark.parametrize("field", ["session_id", "user"])
def test_sessions_and_users_are_uuids(field: str) -> None:
    """As the vendor's own client sends them."""
    assert getattr(read(f',"{field}":"{SESSION}"'), field) == SESSION
    with pytest.raises(BadRequest, match=field):
        read(f',"{field}":"me"')


def test_labels() -> None:
    """`metadata` is another name for them; where both have a label, `labels` wins."""
    assert read(',"metadata":{"a":"1","b":"2"},"labels":{"a":"3"}').labels == {"a": "3", "b": "2"}


def test_switches_and_definitions_of_tools() -> None:
    """They are told apart by their keys, and not mixed."""
    assert read(',"tools":[{"id":"web","enabled":false}]').tool_overrides == (ToolOverride("web", enabled=False),)
    function = '{"type":"function","function":{"name":"f"}}'
    assert read(f',"tools":[{function}]').tools[0].name == "f"
    for tools in (f'{function},{{"id":"web","enabled":true}}', '{"id":"web"}', "{}"):
        with pytest.raises(BadRequest, match=r"tools\[\d\]"):
            read(f',"tools":[{tools}]')


def test_images_come_within_the_request() -> None:
    """A flat or a nested data URL; an address elsewhere is refused."""
    for image in ('"data:image/png;base64,AA=="', '{"url":"DATA:image/png;base64,AA=="}'):
        read(content=f'[{{"type":"image_url","image_url":{image}}}]')
    with pytest.raises(BadRequest, match=r"messages\[0\]\.content\[1\]\.image_url"):
        read(content='[{"type":"text","text":"a"},{"type":"image_url","image_url":"https://a.example/b.png"}]')


def test_an_exact_plain_answer() -> None:
    """Nothing but what is documented: the model stands in the choice."""
    assert adaptive.render(Completion((Choice(content="Hi"),), USAGE), EXACT) == (
        START
        + b'"choices":[{'
        + IDS
        + b',"model":"m","finish_reason":"stop","message":{"id":"%s","role":"assistant","content":"Hi"}}],'
        % COMPLETION.encode()
        + BARE
        + b"}"
    )


def test_a_plain_answer_holds_what_openai_clients_need() -> None:
    """`object` and `model`, and text beside calls, since the vendor's client refuses null."""
    choice = Choice(content=None, tool_calls=(ToolCall("call_1", "f", "{}"),), finish_reason="tool_calls")
    answer = adaptive.render(Completion((choice,), USAGE), HEAD)
    assert b'"content":"","tool_calls":[{' in answer
    assert answer.endswith(b'"object":"chat.completion","model":"m"}')


def test_an_exact_stream() -> None:
    """Id, role and content are in every delta; the role is told once; the usage has an event of its own."""
    stream = adaptive.stream(EXACT)
    first = START + b'"choices":[{' + IDS + b"," + DELTA + b'"role":"assistant","content":"He"},"finish_reason":null}]}'
    assert stream.delta(Delta(content="He")) == b"data: " + first + b"\n\n"
    text = START + b'"choices":[{' + IDS + b"," + DELTA + b'"role":"","content":"y"},"finish_reason":null}]}'
    assert stream.delta(Delta(content="y")) == b"data: " + text + b"\n\n"
    last = START + b'"choices":[{' + IDS + b"," + DELTA + b'"role":"","content":""},"finish_reason":"stop"}]}'
    assert stream.delta(Delta(finish_reason="stop")) == b"data: " + last + b"\n\n"
    assert stream.end(USAGE, None) == b"data: " + START + b'"choices":[],' + BARE + b"}\n\n"


def test_the_quick_and_the_general_path_say_the_same() -> None:
    """With OpenAI's fields too, each choice under its own id."""
    stream = adaptive.stream(HEAD)
    stream.delta(Delta(1, "x"))
    text = stream.delta(Delta(1, "y"))
    assert b'"completion_id":"second","delta":{"id":"second","role":"","content":"y"}' in text
    assert text.endswith(b'"model":"m"}],"object":"chat.completion.chunk","model":"m"}\n\n')
    assert stream.delta(Delta(1, "y", finish_reason="stop")).endswith(
        b'"object":"chat.completion.chunk","model":"m"}\n\n'
    )
    assert stream.end(USAGE, None) == b""


def test_calls_in_a_stream_have_text_beside_them() -> None:
    """An empty one."""
    event = adaptive.stream(HEAD).delta(Delta(tool_calls=(ToolCallDelta(0, "call_1", "f", ""),)))
    assert b'"content":"","tool_calls":[{' in event
