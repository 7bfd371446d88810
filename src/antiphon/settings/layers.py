"""Layers of settings: what one source assigns, and how the layers become one tree of plain values with its sources.

Pure. A later assignment wins; a list is replaced as a whole unless an item is named by its index.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from antiphon.settings.paths import EVERY, Segment, SettingPath, path_text

DEFAULT = "default"
Tree = dict[str, Any]  # Any: values as a file gives them, before they are checked


class Assignment(Struct, frozen=True):
    """One value for one path, and where it was said: `flag --port`."""

    path: SettingPath
    value: object
    source: str


class Problem(Struct, frozen=True):
    """One thing that is wrong: the setting's path (empty: the source as a whole), where it was said, the rule."""

    path: str
    source: str
    rule: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.path, f"({self.source})" if self.source else "") if part)
        return f"{place}: {self.rule}"


class Provenance:
    """Which source gave each setting its value."""

    def __init__(self, sources: Mapping[SettingPath, str]) -> None:
        self._sources = dict(sources)

    def source(self, path: SettingPath) -> str:
        """The source of the value at a path: its own, else that of the list or section that it came with."""
        for length in range(len(path), 0, -1):
            if (found := self._sources.get(path[:length])) is not None:
                return found
        return DEFAULT


class Merged(Struct, frozen=True):
    """The tree of all layers, the sources of its values, and what could not be applied."""

    tree: Tree
    provenance: Provenance
    problems: tuple[Problem, ...]


def flatten(values: Mapping[str, object], source: str, above: SettingPath = ()) -> Iterator[Assignment]:
    """One assignment for each value of nested mappings; lists stay whole, an empty mapping assigns nothing."""
    for name, value in values.items():
        path = (*above, name)
        if isinstance(value, Mapping):
            yield from flatten(value, source, path)
        else:
            yield Assignment(path, value, source)


def merge(assignments: Iterable[Assignment]) -> Merged:
    """Apply assignments in order."""
    tree: Tree = {}
    sources: dict[SettingPath, str] = {}
    problems: list[Problem] = []
    for assignment in assignments:
        targets = list(_expand(tree, assignment.path))
        applied = sum(_assign(tree, path, copy.deepcopy(assignment.value)) for path in targets)
        if not targets or applied < len(targets):
            rule = "there is no such item in the list"
            problems.append(Problem(path_text(assignment.path), assignment.source, rule))
        for path in targets:
            _forget_below(sources, path)
            sources[path] = assignment.source
    return Merged(tree, Provenance(sources), tuple(problems))


def _expand(tree: Tree, path: SettingPath) -> Iterator[SettingPath]:
    if EVERY not in path:
        yield path
        return
    place = path.index(EVERY)
    items = _get(tree, path[:place])
    for index in range(len(items) if isinstance(items, list) else 0):
        yield from _expand(tree, (*path[:place], index, *path[place + 1 :]))


def _get(tree: Tree, path: SettingPath) -> object:
    node: object = tree
    for segment in path:
        node = _child(node, segment)
    return node


def _child(node: object, segment: Segment) -> object:
    if isinstance(node, list) and isinstance(segment, int):
        return node[segment] if segment < len(node) else None
    return node.get(segment) if isinstance(node, dict) else None


def _assign(tree: Tree, path: SettingPath, value: object) -> bool:
    node: object = tree
    for segment in path[:-1]:
        if isinstance(node, dict) and isinstance(segment, str):
            node.setdefault(segment, {})
        node = _child(node, segment)
    last = path[-1]
    if isinstance(node, dict) and isinstance(last, str):
        node[last] = value
        return True
    if isinstance(node, list) and isinstance(last, int) and last < len(node):
        node[last] = value
        return True
    return False


def _forget_below(sources: dict[SettingPath, str], path: SettingPath) -> None:
    for known in [known for known in sources if known[: len(path)] == path]:
        del sources[known]
