"""What a text completion's body means, whichever door it comes through."""

from __future__ import annotations

from typing import Any  # a body is plain JSON

import msgspec
import pytest

from antiphon.chat import ChatRequest, Sampling
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.request import Asked, DoorRules
from antiphon.completions.dialects.openai.text_request import TextBody, neutral
from antiphon.errors import BadRequest

BOUNDS = RequestBounds(n_max=4, messages_max=8, prompts_max=3)


def meant(rules: DoorRules = DoorRules(), /, **fields: Any) -> ChatRequest:
    """What a body with these fields means."""
    wire = msgspec.convert({"model": "m", "prompt": "Once"} | fields, TextBody)
    return neutral(wire, Asked(("odd",), "s-1"), BOUNDS, rules)


def test_the_shortest_request() -> None:
    """One prompt, one choice, nothing else; a limit that nobody gave may be lowered."""
    assert meant() == ChatRequest(
        "m", (), prompts=("Once",), shortens=True, session_id="s-1", ignored_fields=("odd",)
    )  # fmt: skip


def test_all_fields() -> None:
    """Each reaches its neutral word."""
    request = meant(
        prompt=["a", "b"],
        max_tokens=3.0,
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        min_p=0.1,
        frequency_penalty=0.2,
        presence_penalty=0.3,
        repetition_penalty=1.1,
        seed=5,
        logit_bias={"7": 1.0},
        stop="x",
        n=2,
        logprobs=3,
        stream=True,
        stream_options={"include_usage": True},
        timeout_secs=5,
        max_ttft_ms=1500,
        user="u",
        labels={"a": "b"},
        metadata={"c": "d"},
        tags=["t"],
        store=True,
        best_of=2,
        suffix="",
    )
    sampling = Sampling(3, 0.5, 0.9, 4, 0.1, 0.2, 0.3, 1.1, 5, {"7": 1.0}, ("x",), logprobs=True, top_logprobs=3)
    assert request.sampling == sampling
    assert (request.prompts, request.n, request.choices, request.messages) == (("a", "b"), 2, 4, ())
    assert (request.stream, request.include_usage, request.timeout_s, request.max_ttft_s) == (True, True, 5, 1.5)
    assert (request.user, request.labels, request.tags, request.store) == ("u", {"a": "b", "c": "d"}, ("t",), True)
    assert not request.shortens


def test_a_door_s_rules() -> None:
    """Its defaults fill gaps; its name and its habits go along."""
    rules = DoorRules(
        name="other", project_first=True, shortens=True, identified=True, scores=True, defaults=Sampling(max_tokens=16)
    )
    request = meant(rules, temperature=0.0)
    assert (request.sampling.max_tokens, request.sampling.temperature) == (16, 0.0)
    assert (request.door, request.project_first, request.identified, request.scores) == ("other", True, True, True)
    assert meant(rules, max_tokens=0).sampling.max_tokens == 0


def test_log_probabilities_are_a_number() -> None:
    """Zero asks for those of the drawn tokens alone."""
    zero = meant(logprobs=0).sampling
    assert (zero.logprobs, zero.top_logprobs) == (True, 0)
    assert not meant(logprobs=None).sampling.logprobs


def test_an_echo() -> None:
    """Each answer begins with its prompt."""
    assert meant(echo=True, prompt=["a", "b"]).echo
    assert not meant(echo=False).echo


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"suffix": "the end"}, "suffix"),
        ({"best_of": 2}, "best_of"),
        ({"n": 3, "best_of": 4}, "best_of"),
        ({"echo": True, "logprobs": 0}, "echo"),
        ({"echo": True, "prompt": [1, 2]}, "echo"),
        ({"n": 5}, "n"),
        ({"prompt": ["a", "b", "c", "d"]}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"logit_bias": {"word": 1}}, "logit_bias"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"logprobs": 1.5}, "logprobs"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], param: str) -> None:
    """Instead of being ignored; the field is named."""
    with pytest.raises(BadRequest) as refused:
        meant(**fields)
    assert refused.value.param == param
    assert str(refused.value).startswith(f"{param}: ")


@pytest.mark.parametrize("fields", [{"best_of": None}, {"best_of": 0}, {"best_of": 1}, {"n": 0, "best_of": 1}])
def test_the_best_of_as_many_as_are_shown_is_all_of_them(fields: dict[str, Any]) -> None:
    """Nothing is asked for that is not given."""
    assert meant(**fields).n == 1
