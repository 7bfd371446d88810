"""Every documented field with values of the wrong type or out of bounds: 400 that names it; null is the default."""

from __future__ import annotations

from .case import JSON, Case, chat, field, good

INTEGERS = ("max_tokens", "max_completion_tokens", "seed", "top_k", "n", "top_logprobs")
NUMBERS = (
    "temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty",
    "timeout_secs", "max_ttft_ms",
)  # fmt: skip
BOOLEANS = ("stream", "logprobs", "parallel_tool_calls", "store")
STRINGS = ("user",)
OBJECTS = ("stream_options", "response_format", "metadata", "logit_bias", "reasoning")
ENUMS = ("reasoning_effort", "tool_choice")
LISTS = ("tools",)
BAD_BY_TYPE: dict[tuple[str, ...], tuple[JSON, ...]] = {
    INTEGERS: ("5", True, [], {}, 1.5, "", [1]),
    NUMBERS: ("0.5", True, [], {}, ""),
    BOOLEANS: ("true", 1, 0, [], {}),
    STRINGS: (1, True, [], {}, "x" * 513),
    OBJECTS: ("{}", 1, True, []),
    ENUMS: (1, True, [], "sometimes", ""),
    LISTS: ("[]", 1, {}, True),
}
OUT_OF_BOUNDS: dict[str, tuple[JSON, ...]] = {
    "max_tokens": (0, -1, -(10**30), 10**30),
    "max_completion_tokens": (0, -1, 10**30),
    "temperature": (-0.1, 2.1, 1e308, -1),
    "top_p": (-0.1, 1.1, 100),
    "min_p": (-0.1, 1.1),
    "top_k": (-2, 2**31, -(10**12)),
    "frequency_penalty": (-2.1, 2.1),
    "presence_penalty": (-2.1, 2.1),
    "repetition_penalty": (0, -1, 2.1),
    "top_logprobs": (-1, 21),
    "n": (-1, 9, 129, 10**9, 10**30),
    "seed": (2**63, -(2**63) - 1),
    "timeout_secs": (0, -1, 1e9),
    "max_ttft_ms": (-1,),
    "stop": (["a", "b", "c", "d", "e"], [""], "", [1], [None], {}, 5, True, ["x" * 2000], [["a"]]),
    "metadata": ({"a": 1}, {"a": None}, {str(n): "x" for n in range(17)}),
    "logit_bias": ({"1": 101}, {"1": -101}, {"1": "5"}, {"word": 1}, {"-1": 1}, {"1.5": 1}, {"1": None}, {"": 1}),
    "functions": ([], [{"name": "f"}]),
    "function_call": ("auto", {"name": "f"}),
}
INSIDE: tuple[tuple[str, JSON, str], ...] = (
    ("stream_options", {"include_usage": "yes"}, "stream_options.include_usage"),
    ("stream_options", {"include_usage": 1}, "stream_options.include_usage"),
    ("reasoning", {"effort": "enormous"}, "reasoning.effort"),
    ("reasoning", {"max_tokens": "5"}, "reasoning.max_tokens"),
    ("reasoning", {"effort": "low", "max_tokens": 5}, "reasoning"),
    ("response_format", {}, "any"),
    ("response_format", {"type": "xml"}, "any"),
    ("response_format", {"type": 1}, "any"),
    ("response_format", {"type": "json_schema"}, "response_format.json_schema"),
    ("response_format", {"type": "json_schema", "json_schema": {}}, "any"),
    ("response_format", {"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema.schema"),
    ("response_format", {"type": "json_schema", "json_schema": {"schema": {}}}, "response_format.json_schema.name"),
    ("modalities", ["audio"], "any"),
    ("modalities", ["text", "audio"], "any"),
    ("top_logprobs", 5, "top_logprobs"),
)
MODEL_NAMES: tuple[JSON, ...] = (
    "nobody", "../../etc/passwd", "/etc/passwd", "lab.*", ">", "*", "$SYS.>", "lab/odd:1b ", " lab/odd:1b",
    "LAB/ODD:1B", "lab/odd", "lab%2Fodd:1b", "lab/odd:1b\x00", "lab/odd:1b\n", "'; drop table models; --",
    "${jndi:ldap://127.0.0.1/a}", "{{7*7}}", "<script>alert(1)</script>", "модель", "x" * 256,
)  # fmt: skip
NO_NAMES: tuple[JSON, ...] = (1, True, None, [], {}, "", "x" * 257)
NO_MESSAGES: tuple[JSON, ...] = (None, "hello", {}, [], 1, True)
NO_TURNS: tuple[JSON, ...] = (None, "hello", [], 1)
NULLABLE = (
    *INTEGERS, *NUMBERS, *BOOLEANS, *STRINGS, *OBJECTS, *ENUMS, *LISTS,
    "stop", "modalities", "repeat_penalty", "safety_identifier", "prompt_cache_key",
)  # fmt: skip


def cases() -> list[Case]:
    """All of them."""
    return [
        *(field(name, value) for names, values in BAD_BY_TYPE.items() for name in names for value in values),
        *(field(name, value, param=_place(name)) for name, values in OUT_OF_BOUNDS.items() for value in values),
        *(field(name, value, param=param) for name, value, param in INSIDE),
        *(field("model", value) for value in NO_NAMES),
        *(field("model", value, 404) for value in MODEL_NAMES),
        *(field("messages", value) for value in NO_MESSAGES),
        *(field("messages", [value], param="messages[0]") for value in NO_TURNS),
        *(chat(f"{name} missing", _without(name), param=name) for name in ("model", "messages")),
        *(chat(f"{name} null", good(**{name: None}), 200) for name in NULLABLE),
        chat("all of them null", good(**dict.fromkeys(NULLABLE)), 200),
        chat("1.0 for an integer", good(max_tokens=2.0, n=1.0, top_k=40.0, seed=7.0), 200),
        chat("integers for numbers", good(temperature=1, top_p=1, frequency_penalty=0), 200),
        chat("n is 0", good(n=0), 200),
        chat("top_k is -1", good(top_k=-1), 200),
        chat("stream_options without stream", good(stream_options={}), 200),
        chat("tool_choice none without tools", good(tool_choice="none"), 200),
        chat("empty tools", good(tools=[]), 200),
    ]


def _place(name: str) -> str:
    """The field as an error names it: items of lists and objects may be named more closely."""
    return f"{name}*" if name in ("stop", "metadata", "logit_bias") else name


def _without(name: str) -> dict[str, JSON]:
    """A good body without one field."""
    body = good()
    del body[name]
    return body
