"""Receipts of nodes: what is signed, and digests that do not depend on how an answer was cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from antiphon.chat import Choice, Delta, Message, Sampling, ToolCall, ToolCallDelta
from antiphon.engines import Job
from antiphon.engines.receipt import AnswerDigest, NodeReceipt, answer_sha256, prompt_sha256

RECEIPT = NodeReceipt("att_1", "node-a", "m", "aa", "bb", 12, 34, 1_000, 1_100, 2_000, 7)
JOB = Job("m", (Message("user", "Hello"),), Sampling())
TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)


def digest(*deltas: Delta) -> str:
    """The digest of an answer that came in these deltas."""
    made = AnswerDigest()
    for delta in deltas:
        made.see([delta])
    return made.sha256


def test_the_text_is_the_same_for_ever() -> None:
    """What was signed once is verified years later: the text never changes."""
    assert RECEIPT.text == (
        "Antiphon node receipt 1\nattempt: att_1\nnode: node-a\nmodel: m\nprompt_sha256: aa\ncompletion_sha256: bb\n"
        "prompt_tokens: 12\ncompletion_tokens: 34\nstarted_at_ms: 1000\nfirst_token_at_ms: 1100\n"
        "ended_at_ms: 2000\nepoch: 7"
    )


def test_every_field_is_signed() -> None:
    """A change of any field changes the text."""
    for name, value in asdict(RECEIPT).items():
        changed = replace(RECEIPT, **{name: value + 1 if isinstance(value, int) else f"{value}x"})
        assert changed.text != RECEIPT.text, name


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_how_an_answer_is_cut_does_not_matter(content: list[str], thoughts: list[str]) -> None:
    """Deltas in pieces, joined, or a finished choice give one digest, whatever characters they hold."""
    pieces = [*(Delta(reasoning=part) for part in thoughts), *(Delta(content=part) for part in content)]
    joined = Delta(content="".join(content), reasoning="".join(thoughts), finish_reason="stop")
    choice = Choice(content=joined.content, reasoning=joined.reasoning)
    assert digest(*pieces) == digest(joined) == answer_sha256(choice)


def test_tool_calls_are_a_part_of_the_answer() -> None:
    """Their names and arguments count, however they are cut; their ids, which anybody may make anew, do not."""
    first = Delta(tool_calls=(ToolCallDelta(0, id="call_1", name="f", arguments='{"a"'),))
    second = Delta(tool_calls=(ToolCallDelta(0, arguments=":1}"),))
    whole = Choice(tool_calls=(ToolCall("call_2", "f", '{"a":1}'),))
    assert digest(first, second) == answer_sha256(whole)
    assert digest(first) != digest(first, second)


def test_text_and_thoughts_are_told_apart() -> None:
    """The same words thought and said are two answers."""
    assert digest(Delta(content="a")) != digest(Delta(reasoning="a"))


def test_the_prompt_is_what_is_asked() -> None:
    """Turns and prompts count, how tokens are drawn does not."""
    assert prompt_sha256(JOB) == prompt_sha256(replace(JOB, sampling=Sampling(max_tokens=3)))
    assert prompt_sha256(JOB) != prompt_sha256(replace(JOB, messages=(Message("user", "Hallo"),)))
    assert prompt_sha256(replace(JOB, messages=(), prompt="Hello")) != prompt_sha256(replace(JOB, messages=()))
