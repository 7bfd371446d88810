"""Names of the code that pages use exist: files, functions, classes, settings."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from antiphon.settings.model import Settings
from antiphon.settings.paths import parse_path
from antiphon.settings.schema import Schema

from .pages import DOCS, REPOSITORY, SOURCES, inline_code, pages

REFERENCE = re.compile(r"^([\w/.-]+\.py):([A-Za-z_][\w.]*)$")
FILE = re.compile(r"^[\w-]+(/[\w.-]+)*\.(py|sh|mjs|c|yaml)$")
SETTING = re.compile(r"^[a-z_]+(\[\])?(\.[a-z_]+(\[\])?)+$")
SECTIONS = tuple(name for name in Settings.__struct_fields__)
LINES_WANTED = 250
# Steps whose one concept does not fit: an HTTP connection, a request's fields, the pool's client, the list of errors.
LARGE_STEPS = {
    "chat.py",
    "errors.py",
    "http/client.py",
    "http/connection.py",
    "completions/dialects/openai/request.py",
    "completions/generate.py",
}


def found(path: str) -> Path | None:
    """A file as pages name it: from the repository, or below `src/antiphon`."""
    places = (SOURCES / path, REPOSITORY / path, REPOSITORY / "bench" / path)
    return next((place for place in places if place.is_file()), None)


@cache
def names(path: Path) -> frozenset[str]:
    """What a module defines: functions, classes, constants, and one level into classes."""
    defined: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        defined |= _named(node)
        if isinstance(node, ast.ClassDef):
            defined |= {f"{node.name}.{name}" for part in node.body for name in _named(part)}
    return frozenset(defined)


def _named(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.AnnAssign):
        return {node.target.id} if isinstance(node.target, ast.Name) else set()
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_functions_and_files_exist(page: Path) -> None:
    """`file.py:name` is defined in that file, `folder/file.py` is a file."""
    missing = []
    for code in inline_code(page):
        reference = REFERENCE.match(code)
        path = found(reference[1] if reference else code)
        if (reference and (path is None or reference[2] not in names(path))) or (
            not reference and FILE.match(code) and "/" in code and path is None
        ):
            missing.append(code)
    assert missing == []


def test_the_life_of_a_request_names_enough() -> None:
    """The page is made of names, in every part of the code that a request meets."""
    steps = [match for code in inline_code(DOCS / "request.md") if (match := REFERENCE.match(code))]
    assert len(steps) >= 40
    folders = {step[1].partition("/")[0] for step in steps}
    assert folders >= {"http", "gateway", "accounts", "completions", "models", "engines", "structured", "tools"}


def test_steps_are_small_files() -> None:
    """A step can be read in one go; the few that cannot are named here, and the list only shrinks."""
    paths = {match[1] for code in inline_code(DOCS / "request.md") if (match := REFERENCE.match(code))}
    lines = {path: len((SOURCES / path).read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {path for path, count in lines.items() if count > LINES_WANTED} <= LARGE_STEPS
    assert paths >= LARGE_STEPS


def test_every_folder_of_the_package_is_told_to_contributors() -> None:
    """A row of the table says what it holds."""
    folders = {path.name for path in SOURCES.iterdir() if path.is_dir() and not path.name.startswith("__")}
    told = set(re.findall(r"`(\w+)/`", (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert folders - told == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_settings_exist(page: Path) -> None:
    """`section.name` is a setting, or a group of some, if it begins with the name of a section."""
    paths = [setting.path for setting in Schema(Settings).settings]
    known = {path[:size] for path in paths for size in range(1, len(path) + 1)}
    named = [
        code
        for code in inline_code(page)
        if SETTING.match(code) and not FILE.match(code) and code.partition(".")[0].removesuffix("[]") in SECTIONS
    ]
    assert [code for code in named if parse_path(code) not in known] == []
