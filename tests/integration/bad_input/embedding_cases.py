"""Embeddings: inputs of every wrong form, wrong fields, and odd texts that are embedded."""

from __future__ import annotations

from .case import JSON, MODEL, VECTORS, Case, post
from .text_cases import TEXTS

PATH = "/v1/embeddings"

WRONG_INPUTS: dict[str, list[JSON]] = {
    "input": ["", [], None, 5, False, {}, ["a", 1], [1, "a"], ["a"] * 2049, "b" * (1024 * 1024 + 1)],
    "input[0]": [[[]], [None], [1.5], [-1], [2**31], [{}]],
    "input[1]": [["a", ""]],
}
WRONG_FIELDS: dict[str, list[JSON]] = {
    "dimensions": [0, -1, 1.5, "8", True, 9, 2**63],
    "encoding_format": ["int8", "", 5, ["float"]],
    "timeout_secs": [0, -1, 86_400, "9"],
    "user": [5, "u" * 513],
    "model": [None, 5, "", MODEL],
    "session_id": ["", "a b", "é", 5],
}


def vectors(name: str, /, *status: int, param: str | None = None, **fields: JSON) -> Case:
    """A request for embeddings that is good but for these fields."""
    return post(PATH, name, {"model": VECTORS, "input": "Hi", **fields}, *status, param=param)


def cases() -> list[Case]:
    """What is refused names its field; what is only odd is embedded."""
    inputs = [(param, value) for param, values in WRONG_INPUTS.items() for value in values]
    wrong = [(name, value) for name, values in WRONG_FIELDS.items() for value in values]
    return [
        *(vectors(f"input={str(value)[:40]}", input=value, param=param) for param, value in inputs),
        *(vectors(f"{name}={str(value)[:40]}", param=name, **{name: value}) for name, value in wrong),
        *(vectors(f"text {each[:30]!r}", 200, input=each) for each in TEXTS),
        vectors("a model that is not there", 404, model="lab/unknown:1b", param="model"),
        post(PATH, "no input", {"model": VECTORS}, param="input"),
        vectors("many texts", 200, input=list(TEXTS)),
        vectors("nulls", 200, dimensions=None, encoding_format=None, user=None),
        vectors("a whole number", 200, dimensions=8.0),
        vectors("fields of a chat", 200, messages=[], stream=True, temperature="hot"),
        post(PATH, "no JSON", b"{", param=None),
        post(PATH, "a list", [], param=None),
    ]
