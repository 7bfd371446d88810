"""Nugen's text completions: defaults, and the bytes of answers."""

from __future__ import annotations

from antiphon.chat import Choice, Completion, Delta, Logprob, Usage
from antiphon.completions.dialects import Head, RequestBounds, nugen_text

HEAD = Head(id="nugen-1", created=5.5, model="m", node="node-1", completion_ids=("one", "two"))
EXACT = Head(id="nugen-1", created=5, model="m", exact=True)
USAGE = Usage(prompt_tokens=2, completion_tokens=1)
BARE = b'"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}'
START = b'{"id":"nugen-1","object":"text_completion","created":5.0,"model":"m","choices":['


def test_the_defaults_of_the_door() -> None:
    """Sixteen tokens, warm, and shortened to what the context leaves."""
    request = nugen_text.parse(b'{"model":"m","prompt":["a"]}', {}, RequestBounds(4, 3))
    assert (request.sampling.max_tokens, request.sampling.temperature) == (16, 1.0)
    assert (request.door, request.scores, request.shortens, request.prompts) == ("nugen", True, True, ("a",))
    none = nugen_text.parse(b'{"model":"m","prompt":"a","max_tokens":0}', {}, RequestBounds(4, 3))
    assert none.sampling.max_tokens == 0


def test_an_exact_plain_answer() -> None:
    """Only what is documented."""
    answer = nugen_text.render(Completion((Choice(content="Hi"),), USAGE, 50.5), EXACT)
    choice = b'{"index":0,"text":"Hi","finish_reason":"stop"}'
    assert answer == START + choice + b"]," + BARE + b',"confidence_score":50.5}'


def test_an_exact_stream() -> None:
    """The usage and the confidence stand in the finishing event, and nowhere else."""
    stream = nugen_text.stream(EXACT)
    first = stream.delta(Delta(content="Hi"))
    assert first == b"data: " + START + b'{"index":0,"text":"Hi","finish_reason":null}]}\n\n'
    assert stream.delta(Delta(finish_reason="length")) == b""
    last = START + b'{"index":0,"text":"","finish_reason":"length"}],' + BARE + b',"confidence_score":9.5}'
    assert stream.end(USAGE, 9.5) == b"data: " + last + b"\n\n"
    assert nugen_text.stream(EXACT).end(USAGE, None) == b""


def test_choices_and_log_probabilities() -> None:
    """An end waits until it is known whether it is the last; tokens know where they stand in the text."""
    stream = nugen_text.stream(HEAD)
    assert b'"text_offset":[0]' in stream.delta(Delta(0, "ab", logprobs=(Logprob("ab", -0.5),)))
    assert b'"text_offset":[2]' in stream.delta(Delta(0, "c", logprobs=(Logprob("c", -0.5),)))
    assert stream.delta(Delta(0, finish_reason="stop")) == b""
    assert b'"finish_reason":"stop","logprobs":null,"completion_id":"one"' in stream.delta(Delta(1, "x"))
    assert b'"completion_id":"two"' in nugen_text.render(Completion((Choice(1, "x"),), USAGE), HEAD)
