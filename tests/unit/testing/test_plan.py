"""Tests of whole answers before they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.testing.document import document
from antiphon.testing.plan import Habits, Plan, Refusal, plan_answer
from antiphon.testing.text import expected_text, prompt_key

MESSAGES = [{"role": "user", "content": "hello"}]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
HABITS = Habits()
TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}


def planned(habits: Habits = HABITS, /, **fields: Any) -> Plan:  # Any: fields of a request body
    """The plan for one request with these fields."""
    return plan_answer({"messages": MESSAGES, **fields}, habits, number=1, created=0)


def said(plan: Plan, choice: int = 0) -> str:
    """The text of one choice."""
    return "".join(plan.answers[choice].tokens)


def test_answer_is_the_expected_text() -> None:
    """An answer that ends by itself has the habitual length and stops."""
    plan = planned()
    assert said(plan) == expected_text(MESSAGES, 32)
    assert plan.answers[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n_predict"])
@pytest.mark.parametrize("most", [0, 1, 5, 31, 32])
def test_token_limit_cuts(name: str, most: int) -> None:
    """The token limit is kept by each of its names and ends the answer by length."""
    limit: dict[str, Any] = {name: most}  # Any: a field of the body
    plan = planned(**limit)
    assert said(plan) == expected_text(MESSAGES, most)
    assert (plan.answers[0].finish_reason, plan.completion_tokens) == ("length", most)


def test_marker_orders_length_and_pace() -> None:
    """A marker in the last message sets how long and how slow the answer is."""
    messages = [{"role": "user", "content": "[[answer tokens=200 delay_s=0.25]]"}]
    plan = planned(messages=messages)
    assert said(plan) == expected_text(messages, 200)
    assert plan.token_delay_s == 0.25


def test_seed_and_choices_differ() -> None:
    """Each choice and each seed has a text of its own, and usage is the sum."""
    plan = planned(n=3, seed=9, max_tokens=8)
    assert [said(plan, choice) for choice in range(3)] == [expected_text(MESSAGES, 8, 9, c) for c in range(3)]
    assert plan.completion_tokens == 24


@pytest.mark.parametrize("size", [1, 7, 20, 60, 100])
def test_prefill_is_continued(size: int) -> None:
    """A closing assistant message that begins our text is continued to the same whole, from any character."""
    whole = expected_text(MESSAGES, 32)
    plan = planned(messages=[*MESSAGES, {"role": "assistant", "content": whole[:size]}])
    assert whole[:size] + said(plan) == whole


@pytest.mark.parametrize("size", [1, 5, 31])
def test_a_prefill_counts_as_the_tokens_that_it_was(size: int) -> None:
    """An engine that goes on with its own text has that much more of a prompt, and no turn more."""
    begun = {"role": "assistant", "content": expected_text(MESSAGES, size)}
    assert planned(messages=[*MESSAGES, begun]).prompt_tokens == planned().prompt_tokens + size


def test_an_order_holds_for_the_rest_of_its_answer() -> None:
    """What the user's turn asks for is asked for wherever the answer goes on."""
    messages = [{"role": "user", "content": "[[answer tokens=50 delay_s=0.5]]"}]
    whole = planned(messages=messages)
    begun = {"role": "assistant", "content": expected_text(messages, 20)}
    rest = planned(messages=[*messages, begun])
    assert (len(rest.answers[0].tokens), rest.token_delay_s) == (30, 0.5)
    assert said(whole) == begun["content"] + said(rest)


def test_foreign_prefill_starts_another_text() -> None:
    """A prefill that is not ours is followed by a text of its own."""
    messages = [*MESSAGES, {"role": "assistant", "content": "never said"}]
    assert said(planned(messages=messages)) == expected_text(messages, 32)


def test_prefill_may_need_flags() -> None:
    """Where the engine wants vLLM's flags, a prefill without them is a turn like any other."""
    messages = [*MESSAGES, {"role": "assistant", "content": expected_text(MESSAGES, 3)}]
    habits = Habits(prefill_needs_flags=True)
    flags = {"continue_final_message": True, "add_generation_prompt": False}
    assert said(planned(habits, messages=messages)) == expected_text(messages, 32)
    assert expected_text(MESSAGES, 3) + said(planned(habits, messages=messages, **flags)) == expected_text(MESSAGES, 32)


def test_stop_cuts_before_the_stop_text() -> None:
    """The first of the stop texts ends the answer and is not part of it."""
    whole = expected_text(MESSAGES, 32)
    stop = whole[40:46]
    plan = planned(stop=["never ever", stop])
    assert said(plan) == whole[: whole.find(stop)]
    assert plan.answers[0].finish_reason == "stop"


@pytest.mark.parametrize(
    "field",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": SCHEMA}}},
        {"structured_outputs": {"json": SCHEMA}},
    ],
)
def test_schema_makes_a_document(field: dict[str, Any]) -> None:  # Any: JSON
    """Both places where engines read a schema give a document of it."""
    assert set(json.loads(said(planned(**field)))) == {"name", "age"}


def test_json_object_makes_an_object() -> None:
    """Without a schema it is some object."""
    assert isinstance(json.loads(said(planned(response_format={"type": "json_object"}))), dict)


def test_document_resumes_inside_a_prefill_or_starts_anew() -> None:
    """llama.cpp goes on inside the JSON; vLLM writes the document again."""
    field: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}  # Any: JSON
    whole = said(planned(**field))
    messages = [*MESSAGES, {"role": "assistant", "content": whole[:9]}]
    assert said(planned(messages=messages, **field)) == whole[9:]
    assert said(planned(Habits(resumes_documents=False), messages=messages, **field)) == whole


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
def test_forced_tool_is_called(choice: object) -> None:
    """A forced call has arguments made from the function's schema."""
    answer = planned(tools=[TOOL], tool_choice=choice).answers[0]
    assert (answer.call_names, answer.finish_reason) == (("weather",), "tool_calls")
    assert json.loads("".join(answer.tokens)) == document(SCHEMA, prompt_key(MESSAGES))


def test_tools_left_free_are_called_on_order() -> None:
    """With `auto` the engine talks, unless a marker orders calls; with `none` it always talks."""
    ordered = [{"role": "user", "content": "[[answer calls=2]]"}]
    assert planned(tools=[TOOL]).answers[0].call_names == ()
    assert planned(tools=[TOOL], messages=ordered).answers[0].call_names == ("weather", "weather")
    assert planned(tools=[TOOL], messages=ordered, tool_choice="none").answers[0].call_names == ()


def test_tool_result_is_answered_with_text() -> None:
    """After a tool message the engine talks again."""
    messages = [*MESSAGES, {"role": "tool", "tool_call_id": "c", "content": "18 degrees"}]
    assert planned(tools=[TOOL], tool_choice="required", messages=messages).answers[0].call_names == ()


def test_reasoning_counts_against_the_limit() -> None:
    """Thinking is spent first."""
    messages = [{"role": "user", "content": "[[answer reasoning=4]]"}]
    answer = planned(messages=messages, max_tokens=6).answers[0]
    assert (len(answer.reasoning), len(answer.tokens)) == (4, 2)


@pytest.mark.parametrize("messages", [None, [], "hello", ["hello"]])
def test_nonsense_is_refused(messages: object) -> None:
    """A body that no engine would take is a Refusal, never an answer."""
    with pytest.raises(Refusal, match="message"):
        planned(messages=messages)


def test_a_prompt_is_what_a_user_says() -> None:
    """A text completion gives the text that a chat with this message gives, and counts only the prompt's own tokens."""
    plan = plan_answer({"prompt": "hello", "max_tokens": 5, "logprobs": 0}, HABITS, number=1, created=0)
    assert said(plan) == expected_text(MESSAGES, 5)
    assert (plan.text, plan.prompt_tokens, plan.top_logprobs) == (True, 2, 0)
    ids = plan_answer({"prompt": [7, 8, 9]}, HABITS, number=1, created=0)
    assert said(ids) == expected_text([{"role": "user", "content": "7 8 9"}], 32)
    assert (ids.prompt_tokens, ids.top_logprobs) == (3, None)


@pytest.mark.parametrize("prompt", ["", [], ["a", "b"], [1, "a"], None, 5])
def test_other_prompts_are_refused(prompt: object) -> None:
    """One text or one list of token ids is all that the gateway ever sends."""
    with pytest.raises(Refusal):
        plan_answer({"prompt": prompt}, HABITS, number=1, created=0)


@pytest.mark.parametrize("count", [1, 4, 9])
def test_whoever_goes_on_counts_its_own_words_as_the_tokens_they_were(count: int) -> None:
    """Behind a prompt, behind a client's own beginning, inside a thought: the same whole, the same prompt."""
    given = [{"role": "assistant", "content": "never said"}]
    asked = [{"role": "user", "content": "hello [[answer tokens=9 reasoning=4]]"}]
    for messages in (MESSAGES, [*MESSAGES, *given]):
        begun = planned(messages=messages)
        own = "".join(begun.answers[0].tokens[:count])
        closing = (messages[-1]["content"] if messages[-1]["role"] == "assistant" else "") + own
        rest = planned(messages=[*MESSAGES, {"role": "assistant", "content": closing}])
        assert own + said(rest) == said(begun)
        assert rest.prompt_tokens == begun.prompt_tokens + count
    prompt = plan_answer({"prompt": "hello"}, HABITS, number=1, created=0)
    own = "".join(prompt.answers[0].tokens[:count])
    rest = plan_answer({"prompt": "hello" + own}, HABITS, number=1, created=0)
    assert (own + said(rest), rest.prompt_tokens) == (said(prompt), prompt.prompt_tokens + count)
    thought = planned(messages=asked)
    text = f"<think>\n{''.join(thought.answers[0].reasoning)}\n</think>\n\n{said(thought)}"
    rest = planned(messages=[*asked, {"role": "assistant", "content": text[: 9 * count]}])
    assert text[: 9 * count] + said(rest) == text


@pytest.mark.parametrize("field", ["grammar", "structured_outputs"])
def test_an_engine_that_follows_grammars_writes_one_of_their_texts(field: str) -> None:
    """Seeds differ; an engine that does not follow them writes as if there were none."""
    grammar = 'root ::= "<" [a-z]{2,8} ">"\n'
    value: Any = {"grammar": grammar, "structured_outputs": {"grammar": grammar}}[field]  # Any: a field of the body
    following = Habits(follows_grammars=True)
    texts = [said(planned(following, **{field: value}, seed=seed)) for seed in range(4)]
    assert all(text[0] == "<" and text[-1] == ">" for text in texts)
    assert len(set(texts)) > 1
    assert said(planned(**{field: value})) == expected_text(MESSAGES, 32)
