"""References to model files: what each form means, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles.reference import (
    HubReference,
    NamedReference,
    PathReference,
    Reference,
    URLReference,
    parse,
)

NAMES = frozenset({"smollm2:135m"})
DIGEST = "a" * 64


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("smollm2:135m", NamedReference("smollm2:135m")),
        ("/models/a.gguf", PathReference(Path("/models/a.gguf"))),
        ("hf:o/r", HubReference("o/r", None, None, "main")),
        ("hf:o/r:Q4_K_M", HubReference("o/r", None, "Q4_K_M", "main")),
        ("hf:o/r.GGUF:Q8_0@v1.0", HubReference("o/r.GGUF", None, "Q8_0", "v1.0")),
        ("hf:o/r/a.gguf", HubReference("o/r", "a.gguf", None, "main")),
        ("hf:o/r/sub/a.Q4_1.gguf@refs/pr/1", HubReference("o/r", "sub/a.Q4_1.gguf", None, "refs/pr/1")),
        ("https://h.example/x/a.gguf?v=1", URLReference("https://h.example/x/a.gguf?v=1", "a.gguf", None)),
        (f"https://h.example/a.gguf#sha256={DIGEST}", URLReference("https://h.example/a.gguf", "a.gguf", DIGEST)),
        ("http://127.0.0.1:8/a.gguf", URLReference("http://127.0.0.1:8/a.gguf", "a.gguf", None)),
    ],
)
def test_forms(text: str, reference: Reference) -> None:
    """Each documented form is read."""
    assert parse(text, names=NAMES) == reference


def test_home_is_expanded() -> None:
    """A tilde is the user's folder, and a relative path becomes absolute."""
    assert parse("~/a.gguf", names=NAMES) == PathReference(Path.home() / "a.gguf")
    assert parse("a.gguf", names=NAMES) == PathReference(Path.cwd() / "a.gguf")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("llama", "is no model reference: use one of smollm2:135m"),
        ("", "is no model reference"),
        ("hf:o", "is no hub reference"),
        ("hf:o/r/a.bin", "is no hub reference"),
        ("hf:o/r/a.gguf:Q4_0", "both a file and a quantisation"),
        ("hf:o/r/../../a.gguf", "has a '..' in it"),
        ("hf:o/r:Q4_0@a/../b", "has a '..' in it"),
        ("hf:../r:Q4_0", "is no hub reference"),
        ("hf:o/r:Q4 0", "is no hub reference"),
        ("http://h.example/a.gguf", "is no https URL"),
        ("file:///etc/a.gguf", "is no https URL"),
        ("https:///a.gguf", "is no https URL"),
        ("https://u:p@h.example/a.gguf", "no user name or password"),
        ("https://h.example/a.zip", "does not end in the name"),
        ("https://h.example/", "does not end in the name"),
        ("https://h.example/a.gguf#md5=1", "after the # comes sha256="),
        ("x" * 3000, "at most 2048 characters"),
    ],
)
def test_what_is_none(text: str, words: str) -> None:
    """The sentence says what is wrong with it."""
    with pytest.raises(ConfigError, match=words):
        parse(text, names=NAMES)
