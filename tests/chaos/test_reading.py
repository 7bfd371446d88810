"""The judge of all proofs finds what it is there to find: each planted mistake of a gateway is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.testing.events import stream_events
from antiphon.testing.plan import plan_answer

from .journal import Journal
from .reading import read, wrongs
from .stories import HABITS, Kind, story

Chunks = list[Any]  # Any: the chunks of a stream, and None for its end


def chunks_of(kind: Kind) -> Chunks:
    """A right answer: to the story of number 1, as the engine itself would stream it."""
    plan = plan_answer(story(1, kind, seed=1).body, HABITS, number=1, created=1)
    lines = b"".join(event.data for event in stream_events(plan)).decode().split("\n\n")
    return [None if line == "data: [DONE]" else json.loads(line.removeprefix("data: ")) for line in lines if line]


def judged(kind: Kind, chunks: Chunks) -> list[str]:
    """What is wrong with an answer of these chunks."""
    events = ["[DONE]" if chunk is None else json.dumps(chunk) for chunk in chunks]
    return wrongs(read(events), story(1, kind, seed=1))


def token(chunks: Chunks) -> int:
    """Where a token in the middle is."""
    return len(chunks) // 2


def without_a_token(chunks: Chunks) -> None:
    """A gap at the seam."""
    del chunks[token(chunks)]


def with_a_token_twice(chunks: Chunks) -> None:
    """A repeat at the seam."""
    chunks.insert(token(chunks), copy.deepcopy(chunks[token(chunks)]))


def of_another_id(chunks: Chunks) -> None:
    """The second engine's id shows."""
    chunks[-3]["id"] = "chatcmpl-other"


def of_another_model(chunks: Chunks) -> None:
    """The second engine's name of the model shows."""
    chunks[-3]["model"] = "other"


def without_an_end(chunks: Chunks) -> None:
    """A clean end of the body is taken for the end of the answer."""
    chunks.pop()


def with_an_end_after_an_error(chunks: Chunks) -> None:
    """`[DONE]` after an error is no success."""
    chunks[token(chunks) :] = [{"error": {"message": "EngineCore"}}, None]


def with_late_tokens(chunks: Chunks) -> None:
    """A dead attempt says something after the end."""
    chunks.append(copy.deepcopy(chunks[token(chunks)]))


def without_the_last_token(chunks: Chunks) -> None:
    """What the last chunk held is dropped."""
    last = max(at for at, chunk in enumerate(chunks) if chunk and chunk["choices"] and chunk["choices"][0]["delta"])
    del chunks[last]


def with_usage_of_the_rest(chunks: Chunks) -> None:
    """The usage counts only what the second engine said."""
    chunks[-2]["usage"]["completion_tokens"] -= 5


def with_usage_twice(chunks: Chunks) -> None:
    """Each engine's usage is passed on."""
    chunks.insert(-2, copy.deepcopy(chunks[-2]))


def finished_twice(chunks: Chunks) -> None:
    """Each engine's finish is passed on."""
    chunks.insert(-3, copy.deepcopy(chunks[-3]))


MISTAKES = (
    without_a_token, with_a_token_twice, of_another_id, of_another_model, without_an_end, with_an_end_after_an_error,
    with_late_tokens, without_the_last_token, with_usage_of_the_rest, with_usage_twice, finished_twice,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "schema", "tools"])
def test_a_right_answer_is_right(kind: Kind) -> None:
    """What the engine says without a fault has nothing wrong with it."""
    assert judged(kind, chunks_of(kind)) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
@pytest.mark.parametrize("kind", ["text", "schema", "tools"])
def test_planted_mistakes_are_found(kind: Kind, mistake: Callable[[Chunks], None]) -> None:
    """Each of them makes the answer wrong."""
    chunks = chunks_of(kind)
    mistake(chunks)
    assert judged(kind, chunks) != []


def test_answers_that_wander_are_counted() -> None:
    """By what there was when another node was asked: text, a token, or nothing yet."""
    journal = Journal()
    for line in ("begun a 0", "first a", "begun a 17", "begun b 0", "begun b 0", "begun c 0", "first c", "begun c 0"):
        journal.note(line)
    assert (journal.begun, journal.continued, journal.replayed, journal.retried) == (6, 1, 1, 1)
    assert journal.wandered == 2
