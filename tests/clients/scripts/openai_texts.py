"""Text completions and embeddings with the official Python SDK, at any door."""

from __future__ import annotations

import struct
from base64 import b64decode

from .openai_connect import connect, refusal, say
from .scenario import Lab

BEGUN = "Once upon a time"


def a_text_is_continued(lab: Lab) -> None:
    """By the small model; the counts add up."""
    answer = connect(lab).completions.create(model=lab.model, prompt=BEGUN, max_tokens=6)
    (choice,) = answer.choices
    assert (answer.object, answer.model) == ("text_completion", lab.id_of(lab.model)), answer
    assert choice.text, answer
    assert choice.finish_reason in ("stop", "length"), answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens, answer


def a_stream_says_what_a_plain_text_says(lab: Lab) -> None:
    """To the letter, with one reason."""
    fields = {"model": lab.fault_model, "prompt": BEGUN, "max_tokens": 30}
    completions = connect(lab).completions
    chunks = list(completions.create(**fields, stream=True))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.text for choice in choices) == completions.create(**fields).choices[0].text
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["length"], choices


def several_texts_are_continued(lab: Lab) -> None:
    """Each so often, one after the other, with an index of its own."""
    answer = connect(lab).completions.create(model=lab.fault_model, prompt=[BEGUN, "Then"], n=2, max_tokens=4)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3], answer
    assert answer.usage.completion_tokens == 16, answer


def a_text_has_its_logprobs(lab: Lab) -> None:
    """In the lists that this kind of answer has."""
    answer = connect(lab).completions.create(model=lab.fault_model, prompt=BEGUN, max_tokens=6, logprobs=2)
    (choice,) = answer.choices
    assert "".join(choice.logprobs.tokens) == choice.text, answer
    assert len(choice.logprobs.token_logprobs) == len(choice.logprobs.text_offset) == 6, answer


def texts_are_embedded(lab: Lab) -> None:
    """One vector each, in their order; the same for the same text."""
    made = connect(lab).embeddings.create(model=lab.embedding_model, input=["Oslo", "Rome", "Oslo"])
    first, second, third = made.data
    assert [one.index for one in made.data] == [0, 1, 2], made
    assert first.embedding == third.embedding != second.embedding, made
    assert made.usage.prompt_tokens == made.usage.total_tokens > 0, made


def an_embedding_has_two_forms(lab: Lab) -> None:
    """The SDK asks for base64 unless it is told otherwise, and makes numbers of it."""
    create = connect(lab).embeddings.create
    fields = {"model": lab.embedding_model, "input": "Oslo"}
    numbers = create(**fields, encoding_format="float").data[0].embedding
    assert list(create(**fields).data[0].embedding) == numbers
    packed = b64decode(create(**fields, encoding_format="base64").data[0].embedding)
    assert packed == struct.pack(f"<{len(numbers)}f", *numbers)


def models_are_told_apart(lab: Lab) -> None:
    """One that makes embeddings talks to nobody, and one that talks makes none."""
    client = connect(lab)
    talked = refusal(lab, lambda: client.chat.completions.create(model=lab.embedding_model, messages=say("Hi.")))
    assert lab.id_of(lab.embedding_model) in talked.message, talked
    embedded = refusal(lab, lambda: client.embeddings.create(model=lab.model, input="Oslo"))
    assert lab.id_of(lab.model) in embedded.message, embedded


def an_empty_input_is_refused(lab: Lab) -> None:
    """The field is named."""
    told = refusal(lab, lambda: connect(lab).embeddings.create(model=lab.embedding_model, input=[]))
    assert (told.place or told.message).startswith("input"), told
