"""Layers become one tree; later ones win and are named."""

from __future__ import annotations

import pytest

from antiphon.settings.layers import Assignment, Problem, Provenance, flatten, merge
from antiphon.settings.paths import parse_path


def say(path: str, value: object, source: str = "flag") -> Assignment:
    """An assignment for a path as people write it."""
    return Assignment(parse_path(path), value, source)


def test_the_later_one_wins() -> None:
    """Value and source are the last one's."""
    merged = merge([say("server.port", 1, "file"), say("server.port", 2, "flag --port")])
    assert merged.tree == {"server": {"port": 2}}
    assert merged.provenance.source(("server", "port")) == "flag --port"


def test_sections_are_joined() -> None:
    """Settings of one section may come from several sources."""
    merged = merge([say("server.port", 1, "file"), say("server.host", "h", "flag")])
    assert merged.tree == {"server": {"port": 1, "host": "h"}}
    assert merged.provenance.source(("server", "port")) == "file"


def test_a_list_is_replaced_as_a_whole() -> None:
    """Also the sources of its items."""
    first = [say("models", [{"name": "a"}], "file"), say("models[0].parallel", 2, "environment")]
    merged = merge([*first, say("models", [{"name": "b"}], "flag")])
    assert merged.tree == {"models": [{"name": "b"}]}
    assert merged.provenance.source(("models", 0, "parallel")) == "flag"


def test_an_item_is_reached_by_its_index() -> None:
    """The other items and fields keep their source."""
    merged = merge([say("models", [{"name": "a"}, {"name": "b"}], "file"), say("models[1].name", "c", "flag")])
    assert merged.tree == {"models": [{"name": "a"}, {"name": "c"}]}
    assert merged.provenance.source(("models", 1, "name")) == "flag"
    assert merged.provenance.source(("models", 0, "name")) == "file"


def test_every_item_is_reached_at_once() -> None:
    """`models[].x` sets it in all of them."""
    merged = merge([say("models", [{"name": "a"}, {"name": "b"}]), say("models[].threads", 4)])
    assert merged.tree == {"models": [{"name": "a", "threads": 4}, {"name": "b", "threads": 4}]}


@pytest.mark.parametrize("path", ["models[2].name", "models[].name", "models[0]"])
def test_an_item_that_is_not_there_is_a_problem(path: str) -> None:
    """The problem names path and source."""
    merged = merge([say(path, "x", "flag --set")])
    assert [(one.path, one.source) for one in merged.problems] == [(path, "flag --set")]


def test_the_values_given_are_left_alone() -> None:
    """Changing an item of a merged list does not change what the source holds."""
    given = [{"name": "a"}]
    merge([say("models", given), say("models[0].name", "b")])
    assert given == [{"name": "a"}]


def test_what_nobody_set_is_a_default() -> None:
    """An unknown path has the default's source."""
    assert Provenance({}).source(("server", "port")) == "default"


def test_nested_mappings_become_assignments() -> None:
    """One for each value; lists stay whole, empty mappings say nothing."""
    values = {"server": {"port": 1, "more": {}}, "models": [{"name": "a"}]}
    assert list(flatten(values, "file")) == [say("server.port", 1, "file"), say("models", [{"name": "a"}], "file")]


def test_a_problem_reads_as_a_line() -> None:
    """Path, source and rule, as far as there are."""
    assert str(Problem("server.port", "flag --port", "Too big")) == "server.port (flag --port): Too big"
    assert str(Problem("", "file a.yaml", "No YAML")) == "(file a.yaml): No YAML"
