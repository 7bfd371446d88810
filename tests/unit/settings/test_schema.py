"""The walk over the settings."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct

from antiphon.settings.model import Settings
from antiphon.settings.paths import EVERY, parse_path, path_text
from antiphon.settings.schema import Schema, item_struct, optional, title, type_name


class Inner(Struct, frozen=True):
    """A section."""

    count: Annotated[int, Meta(description="How many.")] = 1


class Item(Struct, frozen=True):
    """An item."""

    name: Annotated[Annotated[str, Meta(pattern="^a", title="an a")], Meta(description="Its name.")]


class Root(Struct, frozen=True):
    """Everything."""

    inner: Annotated[Inner, Meta(description="Inside.")] = Inner()
    items: Annotated[tuple[Item, ...] | None, Meta(description="Some.")] = None


def test_it_walks_into_sections_and_items() -> None:
    """Sections are walked into; lists stand for themselves and their items."""
    assert [path_text(setting.path) for setting in Schema(Root).settings] == ["inner.count", "items", "items[].name"]


def test_it_tells_default_and_description() -> None:
    """Both come from the struct."""
    count, items, name = Schema(Root).settings
    assert (count.default, count.description) == (1, "How many.")
    assert items.default is None
    assert name.default is msgspec.NODEFAULT


def test_it_finds_items_by_any_index() -> None:
    """The path of item 7 leads to the setting of all items; a section is no setting."""
    schema = Schema(Root)
    found = schema.find(("items", 7, "name"))
    assert found is not None
    assert found.path == ("items", EVERY, "name")
    assert schema.find(("inner",)) is None
    assert schema.find(("inner", "nothing")) is None


def test_it_sees_through_annotations() -> None:
    """None, titles and items are found below descriptions."""
    _, items, name = Schema(Root).settings
    assert optional(items.type)
    assert not optional(name.type)
    assert title(name.type) == "an a"
    struct = item_struct(items.type)
    assert struct is not None
    assert struct.cls is Item


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("server.port", "integer"),
        ("timeouts.connect_s", "number"),
        ("development_key", "true or false"),
        ("server.host", "text"),
        ("keys[].key", "secret"),
        ("data_dir", "path"),
        ("server.cors_origins", "list of text"),
        ("server.errors", "`auto` or `json` or `text`"),
        ("models", "list of section"),
    ],
)
def test_types_have_words(path: str, words: str) -> None:
    """Each type that occurs has a word for people."""
    setting = Schema(Settings).find(parse_path(path))
    assert setting is not None
    assert type_name(setting.type) == words


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("server.prot", "server.port"),
        ("port", "server.port"),
        ("server_port", "server.port"),
        ("server.first_token_s", "timeouts.first_token_s"),
        ("models[0].refrence", "models[].reference"),
        ("limits.n", "limits.n_max"),
        ("log-level", "observability.log_level"),
    ],
)
def test_it_guesses_what_was_meant(wrong: str, meant: str) -> None:
    """A wrong path leads to the nearest right one, in whichever section."""
    near = Schema(Settings).nearest(tuple(wrong.split(".")) if "-" in wrong else parse_path(wrong))
    assert near is not None
    assert path_text(near) == meant


def test_it_does_not_guess_at_random() -> None:
    """Nothing near is None."""
    assert Schema(Settings).nearest(("xyzzy",)) is None


def test_every_setting_is_described() -> None:
    """A setting without a description or one that is no sentence would not be understood."""
    for setting in Schema(Settings).settings:
        assert setting.description.endswith("."), path_text(setting.path)
