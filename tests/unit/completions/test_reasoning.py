"""Thinking: shares and bounds of tokens, what each engine can be told, the grammar behind a thought."""

from __future__ import annotations

import pytest

from antiphon.chat import Delta, Logprob, Message, Reasoning, Sampling
from antiphon.completions.reasoning import bound, check, hidden, resumed, thinking, told
from antiphon.engines import Job
from antiphon.engines.thought import OFF, Thinking, Thought
from antiphon.errors import BadRequest
from antiphon.structured.thought import after_thought

MARKED = Thought("<think>", "</think>", opened=True, bounded_by="engine")
GRAMMAR = 'root ::= "7"\n'


@pytest.mark.parametrize(
    ("effort", "tokens", "level"),
    [
        ("xhigh", 950, "high"),
        ("high", 800, "high"),
        ("medium", 500, "medium"),
        ("low", 200, "low"),
        ("minimal", 100, "low"),
    ],
)
def test_an_effort_is_a_share_of_the_tokens(effort: str, tokens: int, level: str) -> None:
    """And the nearest level, for engines that know only those."""
    asked = Reasoning(effort=effort)  # type: ignore[arg-type]
    wanted = thinking(asked, 1000)
    assert wanted is not None
    assert (wanted.enabled, wanted.tokens_max, wanted.level) == (True, tokens, level)


@pytest.mark.parametrize(
    "asked",
    [
        Reasoning(enabled=False),
        Reasoning(effort="none"),
        Reasoning(effort="high", enabled=False),
        Reasoning(effort="none", enabled=True),
        Reasoning(max_tokens=5, enabled=False),
    ],
)
def test_off(asked: Reasoning) -> None:
    """Whichever field says so."""
    assert thinking(asked, 1000) == OFF


@pytest.mark.parametrize("asked", [Reasoning(), Reasoning(exclude=True)])
def test_as_usual(asked: Reasoning) -> None:
    """Nothing was said about thinking itself: the model does as it does."""
    assert thinking(asked, 1000) is None


def test_on_is_medium() -> None:
    """Where nothing more is said."""
    assert thinking(Reasoning(enabled=True), 100) == Thinking(enabled=True, tokens_max=50, level="medium")


@pytest.mark.parametrize(("tokens", "level"), [(5, "low"), (50, "medium"), (80, "high"), (99, "high")])
def test_a_number_of_tokens(tokens: int, level: str) -> None:
    """It is kept, and is a level by its share."""
    assert thinking(Reasoning(max_tokens=tokens), 100) == Thinking(
        enabled=True,
        tokens_max=tokens,
        level=level,  # type: ignore[arg-type]
    )


def test_without_a_bound_on_the_answer() -> None:
    """A share of nothing known is no number; a number stays one."""
    assert thinking(Reasoning(effort="high"), None) == Thinking(enabled=True, level="high")
    assert thinking(Reasoning(max_tokens=7), None) == Thinking(enabled=True, tokens_max=7, level="medium")


def test_a_token_is_left_for_the_answer() -> None:
    """Also where the context has less room than was asked for."""
    wanted = thinking(Reasoning(max_tokens=100), 60)
    assert wanted is not None
    assert wanted.tokens_max == 59


@pytest.mark.parametrize(("effort", "room"), [("minimal", 9), ("low", 4), ("xhigh", 1), ("high", 0)])
def test_less_than_a_token_is_off(effort: str, room: int) -> None:
    """A thought that would have to end before it begins is not begun."""
    assert thinking(Reasoning(effort=effort), room) == OFF  # type: ignore[arg-type]


@pytest.mark.parametrize(("tokens", "most"), [(10, 10), (11, 10)])
def test_thoughts_that_leave_no_answer_are_refused(tokens: int, most: int) -> None:
    """By the field's name and both numbers."""
    message = f"reasoning.max_tokens: {tokens} leaves no answer within max_tokens {most}."
    with pytest.raises(BadRequest, match=message) as raised:
        check(Reasoning(max_tokens=tokens), most)
    assert raised.value.param == "reasoning.max_tokens"


@pytest.mark.parametrize(("asked", "most"), [(Reasoning(max_tokens=9), 10), (Reasoning(max_tokens=9), None)])
def test_thoughts_that_leave_an_answer(asked: Reasoning, most: int | None) -> None:
    """One token is enough, and no bound leaves any number."""
    check(asked, most)


FOR_NINE = Thinking(enabled=True, tokens_max=9, level="low")
UNBOUND = Thinking(enabled=True, level="low")


@pytest.mark.parametrize(
    ("wanted", "thought", "expected"),
    [
        (None, MARKED, None),
        (FOR_NINE, MARKED, FOR_NINE),
        (FOR_NINE, Thought(bounded_by="gateway"), UNBOUND),
        (FOR_NINE, Thought(), UNBOUND),
        (OFF, MARKED, OFF),
        (OFF, Thought(switched=False, bounded_by="engine"), Thinking(enabled=True, tokens_max=0)),
        (OFF, Thought(switched=False), OFF),
    ],
)
def test_what_an_engine_is_told(wanted: Thinking | None, thought: Thought, expected: Thinking | None) -> None:
    """No bound that it would refuse; a thought that cannot be switched off is ended at once."""
    assert told(wanted, thought) == expected


@pytest.mark.parametrize("asked", [None, FOR_NINE])
def test_a_grammar_stands_behind_the_thought(asked: Thinking | None) -> None:
    """On an engine that would hold the thought to it as well."""
    behind = after_thought(GRAMMAR, opening="<think>", closing="</think>", opened=True)
    assert bound(GRAMMAR, asked, MARKED) == behind


def test_a_grammar_without_a_thought() -> None:
    """It binds from the first token, as ever; so do the engines that begin it after the thought themselves."""
    assert bound(GRAMMAR, OFF, MARKED) == GRAMMAR
    assert bound(GRAMMAR, None, Thought("<think>", "</think>", constrained=False)) == GRAMMAR
    assert bound(None, None, MARKED) is None


def test_a_thought_in_unknown_marks_leaves_the_schema_to_the_engine() -> None:
    """Our grammar could not stand behind it."""
    assert bound(GRAMMAR, None, Thought()) is None


def test_hidden_thoughts() -> None:
    """Answers, calls and ends stay; what was thought goes, with its log-probabilities."""
    thought = Delta(reasoning="Hm.", logprobs=(Logprob("Hm.", -0.1),))
    both = Delta(content="So", reasoning="Hm.")
    end = Delta(reasoning=".", finish_reason="length")
    assert hidden([thought, Delta(content="a"), both, end]) == [
        Delta(content="a"),
        Delta(content="So"),
        Delta(finish_reason="length"),
    ]


def test_a_job_goes_on_behind_its_closed_thought() -> None:
    """With the tokens that are left, and without thinking again."""
    job = Job("m", (Message("user", "Hi"),), Sampling(max_tokens=20), thinking=UNBOUND)
    onward = resumed(job, MARKED, "\nHm. ", 8)
    assert onward.messages == (*job.messages, Message("assistant", "<think>\nHm.\n</think>\n\n"))
    assert (onward.sampling.max_tokens, onward.thinking, onward.prefill) == (12, OFF, onward.messages[-1].text)
