"""Streams with the official Python SDK at any door: raw chunks, and the helper that puts them together."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from .openai_connect import FEW_TOKENS, connect, say
from .scenario import Lab

USAGE = {"include_usage": True}
ROUNDS = 5


def raw_chunks_make_an_answer(lab: Lab) -> None:
    """A role once, text in pieces, one reason."""
    stream = connect(lab).chat.completions.create(
        model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS, stream=True
    )
    chunks = list(stream)
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    choices = [chunk.choices[0] for chunk in chunks]
    assert [choice.delta.role for choice in choices if choice.delta.role] == ["assistant"]
    assert choices[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in choices)
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == [choices[-1].finish_reason]
    assert choices[-1].finish_reason in ("stop", "length")


def a_stream_says_what_a_plain_answer_says(lab: Lab) -> None:
    """To the letter, accents, astral characters, quotes and line breaks included; usage too."""
    messages = say("[[answer tokens=150]] Tell me all.")
    fields = {"model": lab.fault_model, "messages": messages, "seed": 5, "max_tokens": 200}
    create = connect(lab).chat.completions.create
    plain = create(**fields)
    chunks = list(create(**fields, stream=True, stream_options=USAGE))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage


def the_helper_puts_a_stream_together(lab: Lab) -> None:
    """Its events and its final completion agree, and the role is `assistant` once."""
    asked = connect(lab).chat.completions.stream(
        model=lab.fault_model, messages=say("[[answer tokens=20]] Talk."), stream_options=USAGE
    )
    with asked as stream:
        events = list(stream)
        final = stream.get_final_completion()
    deltas = [event for event in events if event.type == "content.delta"]
    (done,) = (event for event in events if event.type == "content.done")
    text = final.choices[0].message.content
    assert text
    assert "".join(event.delta for event in deltas) == done.content == deltas[-1].snapshot == text
    assert final.choices[0].message.role == "assistant", final
    assert final.object == "chat.completion", final
    assert final.usage.completion_tokens == 20, final


def the_helper_follows_the_small_model(lab: Lab) -> None:
    """Its picture of the answer grows with each delta. At a cut answer its last step would raise."""
    asked = connect(lab).chat.completions.stream(model=lab.model, messages=say("Say hi."), max_tokens=FEW_TOKENS)
    with asked as stream:
        heard = "".join(event.delta for event in stream if event.type == "content.delta")
        (choice,) = stream.current_completion_snapshot.choices
    assert heard == choice.message.content
    assert heard
    assert choice.message.role == "assistant", choice
    assert choice.finish_reason in ("stop", "length"), choice


def the_helper_reads_logprobs(lab: Lab) -> None:
    """Each delta's entries, and all of them together."""
    asked = connect(lab).chat.completions.stream(
        model=lab.model, messages=say("Say hi."), max_tokens=5, logprobs=True, top_logprobs=2
    )
    with asked as stream:
        told = [event for event in stream if event.type == "logprobs.content.delta"]
        (final,) = stream.current_completion_snapshot.choices
    entries = final.logprobs.content
    assert bytes(byte for entry in entries for byte in entry.bytes).decode() == final.message.content
    assert [entry.token for event in told for entry in event.content] == [entry.token for entry in entries]


def choices_are_told_apart(lab: Lab) -> None:
    """Each of eight choices in one stream has its own text, to the letter."""
    # The helper files a choice under the place in which it first came: first chunks must come in the order of indices.
    fields = {"model": lab.fault_model, "messages": say("[[answer tokens=6]] Talk."), "n": 8, "seed": 5}
    completions = connect(lab).chat.completions
    wanted = [choice.message.content for choice in completions.create(**fields).choices]
    assert len(set(wanted)) == 8, wanted
    for _ in range(ROUNDS):
        with completions.stream(**fields, stream_options=USAGE) as stream:
            final = stream.get_final_completion()
        assert [choice.index for choice in final.choices] == list(range(8)), final
        assert [choice.message.content for choice in final.choices] == wanted, final
        assert {(choice.message.role, choice.finish_reason) for choice in final.choices} == {("assistant", "stop")}
        assert final.usage.completion_tokens == 48, final


def reasoning_is_streamed_apart(lab: Lab) -> None:
    """Thinking comes in `reasoning_content`, before the text does."""
    messages = say("[[answer reasoning=4 tokens=3]] Think.")
    stream = connect(lab).chat.completions.create(model=lab.fault_model, messages=messages, stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream]
    thoughts = [at for at, delta in enumerate(deltas) if (delta.model_extra or {}).get("reasoning_content")]
    texts = [at for at, delta in enumerate(deltas) if delta.content]
    assert len(thoughts) == 4, deltas
    assert len(texts) == 3, deltas
    assert max(thoughts) < min(texts), deltas


def a_stream_can_be_left(lab: Lab) -> None:
    """Closing one early leaves the client and the gateway fit for the next request."""
    client = connect(lab)
    slow = say("[[answer tokens=1000 delay_s=0.02]] Talk.")
    with client.chat.completions.create(model=lab.fault_model, messages=slow, stream=True) as stream:
        next(iter(stream))
    after = client.chat.completions.create(model=lab.fault_model, messages=say("Still there?"), max_tokens=3)
    assert after.usage.completion_tokens == 3, after
