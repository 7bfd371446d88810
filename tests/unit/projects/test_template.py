"""Templates: what is replaced, by what, and that nothing is looked at twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import BadRequest
from antiphon.projects.template import (
    ARGUMENTS_MAX,
    PLACEHOLDER,
    TEMPLATE_BYTES_MAX,
    VALUE_BYTES_MAX,
    VALUES_BYTES_MAX,
    Argument,
    Template,
    broken,
    render,
    system_prompt,
)

NESTED_DEPTH = 100_000
NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
TEXTS = st.text(st.one_of(st.sampled_from("{} ab_"), st.characters(codec="utf-8")), max_size=200)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada", "Ada"),
        ("", ""),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        ([1, "a b"], '[1,"a b"]'),
        ({"k": {"é": None}}, '{"k":{"é":null}}'),
        (10**30, "1" + 30 * "0"),
    ],
)
def test_values_are_shown_as_text(value: object, text: str) -> None:
    """A string as it is, anything else as compact JSON."""
    assert render(Template("<{{a}}>"), {"a": value}) == f"<{text}>"


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{a}}{{a}}{{b}}", "112"),
        ("{{ a }} and {{  b}}", "1 and 2"),
        ("{{{a}}}", "{1}"),
        ("{a} {{ {{}} {{1}} {{a-b}} {{a.b}} {{a|b}} {% a %}", None),
        ("{{" + "a" * 65 + "}}", None),
        ("{{ä}} {{\na}}", None),
        (r"\g<0> \1", None),
    ],
)
def test_what_a_placeholder_is(text: str, rendered: str | None) -> None:
    """Two braces, a name, two braces, with spaces at most; all else stays as it is."""
    assert render(Template(text), {"a": 1, "b": 2}) == (text if rendered is None else rendered)


@given(TEXTS.filter(lambda text: not PLACEHOLDER.search(text)), st.dictionaries(NAMES, TEXTS))
def test_text_without_placeholders_stays(text: str, values: dict[str, str]) -> None:
    """Whatever is given, such a template is its own result."""
    assert render(Template(text), values) == text


@given(st.lists(st.tuples(TEXTS.filter(lambda text: "{" not in text), NAMES)), TEXTS, st.data())
def test_what_was_put_in_is_never_replaced(pieces: list[tuple[str, str]], end: str, data: st.DataObject) -> None:
    """The result is the pieces side by side, also where values and their neighbours look like placeholders."""
    end = end.replace("{", "")
    names = [name for _, name in pieces]
    hostile = st.one_of(TEXTS, st.sampled_from([f"{{{{{name}}}}}" for name in names] + ["{{", "}}", "\\1"]))
    values = {name: data.draw(hostile) for name in names}
    text = "".join(f"{before}{{{{{name}}}}}" for before, name in pieces) + end
    expected = "".join(before + values[name] for before, name in pieces) + end
    assert render(Template(text), values) == expected


DECLARED = Template(
    "{{a}}|{{b}}|{{c}}|{{d}}",
    (Argument("b"), Argument("c", default="C"), Argument("d", required=False)),
)


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"a": 1, "b": 2}, "1|2|C|"),
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, "1|2|3|4"),
        ({"a": 1, "b": 2, "c": None, "d": None}, "1|2|C|"),
        ({"a": 1, "b": 2, "c": "", "d": ""}, "1|2||"),
    ],
)
def test_gaps_are_filled_and_surplus_is_ignored(values: dict[str, Any], result: str) -> None:
    """A default stands in for what is not given or null; an argument that is not required may be empty."""
    assert render(DECLARED, values) == result


@pytest.mark.parametrize(("values", "missing"), [({}, "a"), ({"a": 1}, "b"), ({"a": None, "b": 1}, "a")])
def test_what_is_missing_is_named(values: dict[str, Any], missing: str) -> None:
    """A placeholder that is not declared is a required argument like those that are."""
    with pytest.raises(BadRequest, match=rf"^system_prompt_args\.{missing}: required\.$") as refused:
        render(DECLARED, values)
    assert (refused.value.param, refused.value.code) == (f"system_prompt_args.{missing}", "missing_required_parameter")


@pytest.mark.parametrize("value", ["é" * (VALUE_BYTES_MAX // 2) + "x", ["x" * VALUE_BYTES_MAX]])
def test_a_long_value_is_refused(value: object) -> None:
    """Bytes count, and those of the JSON."""
    with pytest.raises(BadRequest, match=r"^system_prompt_args\.a: expected at most 8192 bytes\.$"):
        render(Template("{{a}}"), {"a": value})
    assert render(Template("{{b}}"), {"a": value, "b": "x"}) == "x"


def test_all_values_together_are_bounded() -> None:
    """A value counts as often as it stands there, so that a few placeholders cannot make a prompt of any size."""
    times = VALUES_BYTES_MAX // VALUE_BYTES_MAX
    value = "x" * VALUE_BYTES_MAX
    assert len(render(Template("{{a}}" * times), {"a": value})) == VALUES_BYTES_MAX
    with pytest.raises(BadRequest, match=r"^system_prompt_args: the values would fill more than 65536 bytes\.$"):
        render(Template("{{a}}" * times + "{{b}}"), {"a": value, "b": "y"})


def test_a_deep_value_is_refused() -> None:
    """What cannot be written is the caller's mistake, not ours."""
    value: list[object] = []
    for _ in range(NESTED_DEPTH):
        value = [value]
    with pytest.raises(BadRequest, match=r"^system_prompt_args\.a: nested too deeply\.$"):
        render(Template("{{a}}"), {"a": value})


def test_arguments_need_a_template() -> None:
    """Without one they would be lost silently; nothing given is nothing lost."""
    assert system_prompt(None, None) is None
    assert system_prompt(None, {}) is None
    assert system_prompt(Template("{{a}}"), {"a": "b"}) == "b"
    assert system_prompt(Template("plain"), None) == "plain"
    with pytest.raises(BadRequest) as refused:
        system_prompt(None, {"a": 1})
    assert refused.value.param == "system_prompt_args"


@pytest.mark.parametrize(
    ("template", "places"),
    [
        (Template("{{a}}", (Argument("a"),)), []),
        (Template("é" * (TEMPLATE_BYTES_MAX // 2) + "x"), [("system_prompt",)]),
        (Template("{{a}}", (Argument("a"), Argument("a"))), [("arguments", 1, "name")]),
        (Template("{{a}}", (Argument("b"),)), [("arguments", 0, "name")]),
        (Template("{{1}}", (Argument("1"),)), [("arguments", 0, "name")]),
        (Template("{{a}}", (Argument("a", default="x" * 8193),)), [("arguments", 0, "default")]),
    ],
)
def test_rules_of_a_template(template: Template, places: list[tuple[str | int, ...]]) -> None:
    """Size, names, and that each declaration has its place."""
    assert [place for place, _ in broken(template)] == places


def test_arguments_are_bounded() -> None:
    """Their number too."""
    names = [f"a{number}" for number in range(ARGUMENTS_MAX + 1)]
    text = "".join(f"{{{{{name}}}}}" for name in names)
    assert list(broken(Template(text, tuple(Argument(name) for name in names[1:])))) == []
    found = list(broken(Template(text, tuple(Argument(name) for name in names))))
    assert found == [(("arguments",), "expected at most 64 arguments")]
