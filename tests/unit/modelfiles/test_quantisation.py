"""Which file of a repository a quantisation means."""

from __future__ import annotations

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles.quantisation import parts_of, pick, quant_of

FILES = [
    "README.md",
    "model.IQ4_XS.gguf",
    "model.Q4_K_M.gguf",
    "model.Q4_K_S.gguf",
    "model.Q8_0.gguf",
    "mmproj-model-F16.gguf",
    "model.imatrix.gguf",
]
SPLIT = [f"BF16/big-BF16-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("files", "quant", "found"),
    [
        (FILES, "Q4_K_M", ["model.Q4_K_M.gguf"]),
        (FILES, "q8_0", ["model.Q8_0.gguf"]),
        (FILES, "IQ4_XS", ["model.IQ4_XS.gguf"]),
        (FILES, None, ["model.Q4_K_M.gguf"]),
        (["a-Q5_K_M.gguf", "a-Q8_0.gguf"], None, ["a-Q5_K_M.gguf"]),
        (["model.gguf"], None, ["model.gguf"]),
        (["m-Q4_0.gguf", "m-UD-Q4_0.gguf"], "Q4_0", ["m-Q4_0.gguf"]),
        (["m-UD-Q4_K_XL.gguf"], "UD-Q4_K_XL", ["m-UD-Q4_K_XL.gguf"]),
        ([*reversed(SPLIT), "x-Q2_K.gguf"], "BF16", SPLIT),
        (SPLIT, None, SPLIT),
    ],
)
def test_picks(files: list[str], quant: str | None, found: list[str]) -> None:
    """Whole names only: Q4_K is not Q4_K_M, Q4_XS is not IQ4_XS; projectors and matrices are no models."""
    assert pick(files, quant, repo="o/r") == found


@pytest.mark.parametrize(
    ("files", "quant", "words"),
    [
        (FILES, "Q4_K", "the repository o/r has no Q4_K: choose one of IQ4_XS, Q4_K_M, Q4_K_S, Q8_0"),
        (FILES, "Q4_XS", "has no Q4_XS"),
        (["a.gguf", "b.gguf"], None, "has several files: choose one of a.gguf, b.gguf"),
        (["model.safetensors", "mmproj-F16.gguf"], None, "the repository o/r has no GGUF model in it"),
        (SPLIT[:2], "BF16", "BF16/big-BF16-00003-of-00003.gguf, a part of .*, is missing"),
    ],
)
def test_no_pick(files: list[str], quant: str | None, words: str) -> None:
    """The sentence says what there is."""
    with pytest.raises(ConfigError, match=words):
        pick(files, quant, repo="o/r")


def test_parts() -> None:
    """A model in one file is its only part."""
    assert parts_of("a.gguf", []) == ["a.gguf"]
    assert parts_of(SPLIT[0], SPLIT) == SPLIT


@pytest.mark.parametrize(
    ("name", "quant"),
    [("m.q4_1.gguf", "Q4_1"), ("m-UD-IQ2_XXS.gguf", "IQ2_XXS"), ("m-f16.gguf", "F16"), ("m.gguf", None)],
)
def test_names(name: str, quant: str | None) -> None:
    """The quantisation is read out of a name as people write it."""
    assert quant_of(name) == quant
