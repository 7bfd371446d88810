"""What no file of the repository says: where packages come from, where it was written, and how or by whom."""

from __future__ import annotations

import re

import pytest

from .tree import REPOSITORY, kept_files

REGISTRIES = (
    "pypi.org",
    "files.pythonhosted",
    "registry.npmjs",
    "deb.debian.org",
    "proxy.golang.org",
    "crates.io",
    "download.pytorch.org",
)
MACHINE = ("/work/",)
MAKERS = re.compile(
    r"claude code|chatgpt|co-authored-by|\b(ai|llm|coding|language[- ]model)[- ](agent|assistant)s?\b"
    r"|\b(generated|written|made|created) (by|with) (an? )?(ai|llm|language model|assistant|agent)\b"
    r"|\bai[- ](generated|written|assisted)\b|\bas an ai\b",
    re.IGNORECASE,
)
# The tests that look for these words have to name them.
LOOK_FOR_THEM = {"tests/architecture/test_words.py", "tests/docs/test_words.py"}
FILE_BYTES_MAX = 4_000_000


def forbidden(text: str) -> list[str]:
    """Which of the forbidden words stand in a text."""
    found = [word for word in (*REGISTRIES, *MACHINE) if word in text]
    found += [match[0] for match in MAKERS.finditer(text)]
    own = re.compile(rf"(?<![\w./~-]){re.escape(str(REPOSITORY))}(?![\w.-])")
    # A checkout right below the root, such as /src, has a name that may mean something else.
    if len(REPOSITORY.parts) > 2 and own.search(text):
        found.append(str(REPOSITORY))
    return found


def test_files_keep_to_themselves() -> None:
    """No file names a registry, a place of one machine, or its makers."""
    found = {}
    paths = kept_files()
    assert REPOSITORY / "pyproject.toml" in paths
    for path in paths:
        name = path.relative_to(REPOSITORY).as_posix()
        assert path.stat().st_size <= FILE_BYTES_MAX, f"{name} is too large to be kept here"
        if name not in LOOK_FOR_THEM:
            words = forbidden(f"{name}\n{path.read_text(encoding='utf-8', errors='replace')}")
            if words:
                found[name] = words
    assert found == {}


def test_exceptions_are_needed() -> None:
    """A file that is let through really holds such words."""
    assert [name for name in LOOK_FOR_THEM if not forbidden((REPOSITORY / name).read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://pypi.org/simple", ["pypi.org"]),
        ("in /work/main", ["/work/"]),
        ("Co-Authored-By: somebody", ["Co-Authored-By"]),
        ("this was written by an AI", ["written by an AI"]),
        ("user-agent: antiphon, framework/main, a helper", []),
    ],
)
def test_words_are_found(text: str, expected: list[str]) -> None:
    """The rule finds what it forbids and passes what it allows."""
    assert [word for word in forbidden(text) if word != str(REPOSITORY)] == expected
