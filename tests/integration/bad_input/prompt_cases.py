"""Text completions: prompts of every wrong form, wrong fields, and odd texts that are answered."""

from __future__ import annotations

from .case import JSON, MODEL, VECTORS, Case, post
from .private_cases import PRIVATE
from .text_cases import TEXTS

PATH = "/v1/completions"
MANY = ["a"] * 129
LONG = 40_000  # characters, more than the engine's context


def text(name: str, /, *status: int, param: str | None = None, **fields: JSON) -> Case:
    """A text completion that is good but for these fields."""
    body = {"model": MODEL, "prompt": "Once", "max_tokens": 2, **fields}
    return post(PATH, name, body, *status, param=param)


def cases() -> list[Case]:
    """What is refused names its field; what is only odd is answered."""
    return [*_prompts(), *_fields(), *_odd()]


WRONG_PROMPTS: dict[str, list[JSON]] = {
    "prompt": ["", [], None, 5, True, {}, {"text": "a"}, ["a", 1], [1, [1]], MANY, "b" * (1024 * 1024 + 1)],
    "prompt[0]": [[[]], [None], [True], [1.5], [-1], [2**31], [10**30], [{}]],
    "prompt[1]": [["a", ""], ["a", "b" * (1024 * 1024 + 1)]],
    "prompt[0][1]": [[[1, "a"]], [[1, -1]], [[1, [1]]]],
}
WRONG_FIELDS: dict[str, list[JSON]] = {
    "suffix": ["end", 5, []],
    "best_of": [2, -1, "1", 1.5],
    "echo": ["yes", 1, []],
    "logprobs": [True, -1, 21, 1.5, "2"],
    "max_tokens": [-1, 1.5, "2", 2**63],
    "n": [-1, 9, "2"],
    "temperature": [-0.1, 2.1, "1"],
    "stop": ["", {}, ["1", "2", "3", "4", "5"]],
    "stream": ["true", 1],
    "seed": ["1", 1.5],
    "logit_bias": [{"a": 1}, {"1": 101}, []],
    "timeout_secs": [0, 86_400],
    "user": [5, "u" * 513],
    "metadata": [{"a": 1}, {str(number): "" for number in range(17)}],
}


def _prompts() -> list[Case]:
    wrong = [(param, prompt) for param, prompts in WRONG_PROMPTS.items() for prompt in prompts]
    return [
        *(text(f"prompt={str(prompt)[:40]}", prompt=prompt, param=param) for param, prompt in wrong),
        post(PATH, "no prompt", {"model": MODEL}, param="prompt"),
        post(PATH, "a chat", {"model": MODEL, "messages": []}, param="prompt"),
    ]


def _fields() -> list[Case]:
    wrong = [(name, value) for name, values in WRONG_FIELDS.items() for value in values]
    return [
        *(text(f"{name}={str(value)[:40]}", param=f"{name}*", **{name: value}) for name, value in wrong),
        text("echo of token ids", prompt=[1, 2], echo=True, param="echo"),
        text("echo and logprobs", echo=True, logprobs=0, param="echo"),
        text("a model that embeds", model=VECTORS, param="model"),
        text("a model that is not there", 404, model="lab/unknown:1b", param="model"),
    ]


def _odd() -> list[Case]:
    return [
        *(text(f"text {each[:30]!r}", 200, prompt=each) for each in TEXTS if len(each) < LONG),
        *(text(f"long text {each[:5]!r}", prompt=each, param="prompt") for each in TEXTS if len(each) >= LONG),
        *(text(f"private {name}", 200, **{name: value}) for name, value in PRIVATE.items() if name != "best_of"),
        text("chat's fields", 200, messages=5, tools="x", response_format="y", max_completion_tokens=-1),
        text("nulls", 200, suffix=None, best_of=None, echo=None, logprobs=None, n=None, stop=None, seed=None),
        text("no tokens", 200, max_tokens=0),
        text("whole numbers", 200, max_tokens=2.0, logprobs=1.0, n=1.0),
        text("many prompts", 200, prompt=MANY[:128]),
        text("best of all", 200, n=2, best_of=2),
    ]
