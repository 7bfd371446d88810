"""Thinking before an answer: how much of it, whether it is shown, and that the answer comes out as asked.

The model does not think by itself: its template opens a thought, and only the bound on it ends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from .answers import JSON, Streamed, calls, content
from .client import Client, connect
from .conftest import serving
from .engines import engine
from .processes import wait_until

STORY = "Write a long story about a fox and a bear in the woods."
TOKENS = 60
NO_END = {"2": -100}  # the token that ends a turn
KNOWN_S = 30.0  # an upstream is tried once before that is known
SHARES = {"xhigh": 95, "high": 80, "medium": 50, "low": 20, "minimal": 10}
FORMAT: JSON = {
    "type": "json_schema",
    "json_schema": {
        "name": "place",
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
TOOL: JSON = {
    "type": "function",
    "function": {"name": "find", "parameters": FORMAT["json_schema"]["schema"]},
}


@pytest.fixture(scope="module")
def thinker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A gateway over an engine of the chosen kind whose model thinks."""
    option = request.config.getoption
    if option("gateway_url", default=None) or option("engine_url", default=None):
        pytest.skip("the engine must be started with another template")
    folder = tmp_path_factory.mktemp("thinking")
    with (
        engine(option("engine", default="embedded"), None, folder, thinking=True) as below,
        serving(folder, below) as started,
    ):
        made = connect(started.url, started.key, started.model)
        with made.http:
            wait_until(lambda: thinks(made), within_s=KNOWN_S, what="it is known that the model thinks")
            yield made


def thinks(asked: Client) -> bool:
    """Whether the model is listed as one that can think."""
    model = asked.http.get(f"/v1/models/{asked.model}").json()
    return {"reasoning", "reasoning_effort"} <= set(model["supported_parameters"])


def story(client: Client, **fields: object) -> JSON:
    """The plain answer to a task that gives much to think about."""
    return client.ask(STORY, **({"max_tokens": TOKENS, "temperature": 0, "logit_bias": NO_END} | fields))


def thought(answer: JSON, index: int = 0) -> str:
    """What a plain answer shows of its thinking."""
    text = answer["choices"][index]["message"].get("reasoning_content", "")
    assert isinstance(text, str)
    return text


def thought_tokens(answer: JSON) -> int:
    """How many tokens the thinking took."""
    tokens = answer["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert type(tokens) is int
    return tokens


def streamed_thought(streamed: Streamed, index: int = 0) -> str:
    """What a stream shows of the thinking, put together."""
    return "".join(piece["delta"].get("reasoning_content", "") for piece in streamed.of(index))


def test_a_model_that_thinks_says_so(thinker: Client, client: Client) -> None:
    """The two parameters are listed for it, and not for one that cannot."""
    assert thinks(thinker)
    assert not thinks(client)


def test_as_it_does_by_itself(thinker: Client) -> None:
    """Nothing is said: it thinks, here to the last token."""
    answer = story(thinker)
    assert len(thought(answer)) > 40
    assert thought_tokens(answer) > TOKENS // 2


@pytest.mark.parametrize(
    "off",
    [
        {"reasoning_effort": "none"},
        {"reasoning": {"effort": "none"}},
        {"reasoning": {"enabled": False}},
        {"reasoning": {"enabled": False, "effort": "high"}},
    ],
)
def test_off_is_off_in_the_prompt(thinker: Client, off: JSON) -> None:
    """No token is thought, and the prompt has the tokens of a section that is closed already."""
    silent, usual = story(thinker, **off), story(thinker, max_tokens=1)
    assert (thought(silent), thought_tokens(silent)) == ("", 0)
    assert content(silent)
    assert silent["usage"]["prompt_tokens"] > usual["usage"]["prompt_tokens"]


@pytest.mark.parametrize("effort", SHARES)
def test_an_effort_is_a_share_of_max_tokens(thinker: Client, effort: str) -> None:
    """No more of it is thought; the rest is for the answer."""
    answer = story(thinker, reasoning_effort=effort)
    bound = TOKENS * SHARES[effort] // 100
    assert bound // 2 <= thought_tokens(answer) <= bound
    assert answer["usage"]["completion_tokens"] <= TOKENS
    assert thought(answer)
    if effort != "xhigh":
        assert content(answer)


def test_more_effort_is_more_thinking(thinker: Client) -> None:
    """By the tokens and by the text."""
    low, high = (story(thinker, reasoning={"effort": effort}) for effort in ("low", "high"))
    assert thought_tokens(low) * 2 < thought_tokens(high)
    assert thought(high).strip().startswith(thought(low).strip()[:20])


@pytest.mark.parametrize("tokens", [4, 30])
def test_a_number_of_tokens_is_kept(thinker: Client, tokens: int) -> None:
    """Whatever max_tokens is."""
    answer = story(thinker, reasoning={"max_tokens": tokens})
    assert tokens // 2 <= thought_tokens(answer) <= tokens
    assert content(answer)


@pytest.mark.parametrize("tokens", [TOKENS, TOKENS + 1])
def test_thoughts_that_leave_no_answer_are_refused(thinker: Client, client: Client, tokens: int) -> None:
    """By a model that thinks; one that cannot has nothing to refuse."""
    asked: JSON = {"reasoning": {"max_tokens": tokens}, "max_tokens": TOKENS}
    refusal = thinker.refuse(STORY, **asked)
    assert (refusal.param, str(tokens) in refusal.message) == ("reasoning.max_tokens", True)
    client.ask("Say hi.", **asked)


@pytest.mark.parametrize(
    "fields", [{"reasoning_effort": "high"}, {"reasoning": {"max_tokens": 5, "exclude": True}}, {"reasoning": {}}]
)
def test_a_model_that_cannot_think_ignores_all_of_it(client: Client, fields: JSON) -> None:
    """The answer is the one that it gives anyway."""
    plain = client.ask("What are foxes?", temperature=0)
    asked = client.ask("What are foxes?", temperature=0, **fields)
    assert (content(asked), thought(asked), thought_tokens(asked)) == (content(plain), "", 0)
    assert asked["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]


def test_hidden_thoughts_are_thought_and_counted(thinker: Client) -> None:
    """The answer is the same, and so is what it takes; only the text of the thought is missing."""
    shown = story(thinker, reasoning={"effort": "low"})
    hidden = story(thinker, reasoning={"effort": "low", "exclude": True})
    assert "reasoning_content" not in hidden["choices"][0]["message"]
    assert content(hidden) == content(shown)
    assert thought_tokens(hidden) == thought_tokens(shown) > 0
    assert hidden["usage"]["completion_tokens"] == shown["usage"]["completion_tokens"]


def test_hidden_thoughts_in_a_stream(thinker: Client) -> None:
    """No event holds any of it; the usage tells of it."""
    asked: JSON = {"reasoning": {"effort": "low", "exclude": True}, "stream_options": {"include_usage": True}}
    streamed = thinker.stream(STORY, max_tokens=TOKENS, **asked)
    assert streamed.done
    assert all("reasoning_content" not in piece["delta"] for piece in streamed.choices)
    assert streamed.text()
    assert streamed.usages[-1]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_thoughts_stream_apart_from_the_answer(thinker: Client) -> None:
    """First the thought, then the answer, never both in one piece; together they are the plain answer."""
    fields: JSON = {"max_tokens": TOKENS, "temperature": 0, "reasoning_effort": "low"}
    streamed = thinker.stream(STORY, **fields, stream_options={"include_usage": True})
    kinds = [
        "thought" if piece["delta"].get("reasoning_content") else "answer"
        for piece in streamed.choices
        if piece["delta"].get("reasoning_content") or piece["delta"].get("content")
    ]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"thought", "answer"}
    plain = story(thinker, **fields)
    assert (streamed_thought(streamed), streamed.text()) == (thought(plain), content(plain))
    for counted in ("prompt_tokens", "completion_tokens", "completion_tokens_details"):
        assert streamed.usages[-1][counted] == plain["usage"][counted]


def test_every_choice_thinks(thinker: Client) -> None:
    """Each within its own bound, and the usage counts them all."""
    answer = story(thinker, n=2, reasoning={"max_tokens": 10})
    assert all(thought(answer, index) and content(answer, index) for index in (0, 1))
    assert 10 <= thought_tokens(answer) <= 20


@pytest.mark.parametrize("stream", [False, True])
def test_a_schema_binds_the_answer_and_not_the_thought(thinker: Client, stream: bool) -> None:
    """What is thought is free text; what follows is a document that the schema accepts."""
    fields: JSON = {"response_format": FORMAT, "max_tokens": 80, "reasoning": {"max_tokens": 12}, "temperature": 0}
    question = "Where is the Louvre?"
    if stream:
        streamed = thinker.stream(question, **fields)
        text, thoughts = streamed.text(), streamed_thought(streamed)
    else:
        answer = thinker.ask(question, **fields)
        text, thoughts = content(answer), thought(answer)
    assert set(json.loads(text)) == {"city"}
    assert thoughts
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(thoughts)


def test_a_schema_without_a_thought(thinker: Client) -> None:
    """Switched off, the document begins at once."""
    answer = thinker.ask("Where is the Louvre?", response_format=FORMAT, max_tokens=60, reasoning_effort="none")
    assert set(json.loads(content(answer))) == {"city"}
    assert thought(answer) == ""


@pytest.mark.parametrize("stream", [False, True])
def test_a_forced_tool_is_called_after_the_thought(thinker: Client, stream: bool) -> None:
    """With arguments that keep their schema."""
    fields: JSON = {"tools": [TOOL], "tool_choice": "required", "max_tokens": 120, "reasoning": {"max_tokens": 12}}
    question = "Find the Louvre."
    if stream:
        streamed = thinker.stream(question, **fields, temperature=0)
        called, thoughts = streamed.tool_calls(), streamed_thought(streamed)
    else:
        answer = thinker.ask(question, **fields, temperature=0)
        called, thoughts = calls(answer), thought(answer)
    assert called[0]["name"] == "find"
    assert set(json.loads(called[0]["arguments"])) == {"city"}
    assert thoughts


def test_a_begun_answer_is_not_thought_about(thinker: Client) -> None:
    """It goes on where it was, whatever effort is asked for."""
    messages = [{"role": "user", "content": "What are foxes?"}, {"role": "assistant", "content": "Foxes are"}]
    answer = thinker.ask(messages=messages, reasoning_effort="high", temperature=0, max_tokens=8)
    assert content(answer).startswith(" ")
    assert (thought(answer), thought_tokens(answer)) == ("", 0)


def test_an_earlier_thought_may_be_sent_back(thinker: Client) -> None:
    """As part of the turn that it came with."""
    first: JSON = {"role": "assistant", "content": "A fox.", "reasoning_content": "An animal with a red coat."}
    messages = [{"role": "user", "content": "Name one."}, first, {"role": "user", "content": "Another one."}]
    longer = thinker.ask(messages=messages, max_tokens=4)["usage"]["prompt_tokens"]
    messages[1] = {"role": "assistant", "content": "A fox."}
    assert longer > thinker.ask(messages=messages, max_tokens=4)["usage"]["prompt_tokens"]
