"""Names of tools, and which of them a request may use."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import ChatRequest, Message, Tool, ToolOverride
from antiphon.errors import BadRequest
from antiphon.providers.model import KEY, Provider, ServerTool, broken, enabled, needed, offered_name
from antiphon.providers.secret import SecretHeaders

SKY = Provider("id-sky", "sky", "Sky", "http://sky/mcp")
SEA = Provider("id-sea", "sea", "Sea", "http://sea/mcp")
BOTH = (SKY, SEA)
FUNCTION = (Tool("f"),)


def tool(provider: Provider, own_name: str) -> ServerTool:
    """A tool of a provider."""
    return ServerTool(provider.id, provider.key, own_name, Tool(offered_name(provider.key, own_name)))


TOOLS = (tool(SKY, "weather"), tool(SKY, "clock"), tool(SEA, "weather"))


def asking(
    *overrides: tuple[str, bool], use_tools: bool | None = None, tools: tuple[Tool, ...] = (), n: int = 1
) -> ChatRequest:
    """A request that says this of tools."""
    said = tuple(ToolOverride(name, enabled=on) for name, on in overrides)
    messages = (Message("user", "Hi"),)
    return ChatRequest("m", messages, use_tools=use_tools, tool_overrides=said, tools=tools, n=n)


@pytest.mark.parametrize(
    ("own_name", "expected"),
    [
        ("weather", "sky__weather"),
        ("odd.name", "sky__odd_name_"),
        ("a b", "sky__a_b_"),
        ("x" * 59, "sky__" + "x" * 59),
        ("x" * 60, "sky__" + "x" * 50 + "_"),
        ("\ud800", "sky____"),
    ],
)
def test_names_for_the_model(own_name: str, expected: str) -> None:
    """As the provider has it behind the key; cut and marked where that is no name."""
    name = offered_name("sky", own_name)
    assert name.startswith(expected)
    assert (name == expected) is not expected.endswith("_")


@given(st.from_regex(KEY, fullmatch=True), st.from_regex(KEY, fullmatch=True), st.text(), st.text())
def test_names_never_collide(key: str, other_key: str, own_name: str, other_name: str) -> None:
    """Two providers never share a name, nor do two names of one provider; each fits the model's rule."""
    first, second = offered_name(key, own_name), offered_name(other_key, other_name)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", first)
    if (key, own_name) != (other_key, other_name):
        assert first != second


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asking(), TOOLS),
        (asking(use_tools=True), TOOLS),
        (asking(use_tools=False), ()),
        (asking(("sky", True), use_tools=False), ()),
        (asking(("nobody", True), use_tools=False), ()),
        (asking(("sky", False)), TOOLS[2:]),
        (asking(("id-sky", False)), TOOLS[2:]),
        (asking(("sky", False), use_tools=True), TOOLS[2:]),
        (asking(("sky", False), ("id-sky", True)), TOOLS),
        (asking(("sky", False), ("sea", False)), ()),
        (asking(("clock", False)), (TOOLS[0], TOOLS[2])),
        (asking(("sky__clock", False)), (TOOLS[0], TOOLS[2])),
        (asking(("weather", False)), TOOLS[1:2]),
        (asking(("sky", False), ("clock", True)), TOOLS[1:]),
        (asking(("clock", True), ("sky", False)), TOOLS[1:]),
        (asking(("sky__weather", False), ("sky__weather", True)), TOOLS),
    ],
)
def test_what_a_request_may_use(request_: ChatRequest, expected: tuple[ServerTool, ...]) -> None:
    """All, unless it says otherwise; a word on a tool counts more than one on its provider."""
    assert enabled(request_, BOTH, TOOLS) == expected


def test_a_project_without_providers_has_no_tools() -> None:
    """Also when a request would like some."""
    assert enabled(asking(use_tools=True), (), ()) == ()
    assert needed(asking(use_tools=True), ()) == ()


@pytest.mark.parametrize("name", ["nobody", "id-", "", "\x1b[31m"])
def test_an_unknown_id_is_named(name: str) -> None:
    """With its place, printable."""
    with pytest.raises(BadRequest) as raised:
        enabled(asking(("sky", True), (name, True)), BOTH, TOOLS)
    assert raised.value.param == "tools[1].id"
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asking(), BOTH),
        (asking(use_tools=False), ()),
        (asking(("sky", False)), (SEA,)),
        (asking(("sky", False), ("sky", True)), BOTH),
        (asking(("sky", False), ("clock", True)), BOTH),
        (asking(tools=FUNCTION), ()),
        (asking(use_tools=False, n=2), ()),
        (asking(("sky", False), ("sea", False), n=2), ()),
        (ChatRequest("m", (), prompts=("Once",)), ()),
        (ChatRequest("m", (Message("user", "Hi"), Message("assistant", "It is"))), ()),
    ],
)
def test_whose_tools_must_be_known(request_: ChatRequest, expected: tuple[Provider, ...]) -> None:
    """Those that are not off as a whole; a name of a single tool may be anybody's."""
    assert needed(request_, BOTH) == expected


@pytest.mark.parametrize(
    ("request_", "param"), [(asking(use_tools=True, tools=FUNCTION), "use_tools"), (asking(n=2), "n")]
)
def test_what_cannot_go_together(request_: ChatRequest, param: str) -> None:
    """The field is named."""
    with pytest.raises(BadRequest) as raised:
        needed(request_, BOTH)
    assert raised.value.param == param


@pytest.mark.parametrize(
    ("provider", "places"),
    [
        (SKY, []),
        (Provider("i", "a_b", "n", "http://x/"), [("key",)]),
        (Provider("i", "-a", "n", "http://x/"), [("key",)]),
        (Provider("i", "k" * 33, "n", "http://x/"), [("key",)]),
        (Provider("i", "k", "", "http://x/"), [("name",)]),
        (Provider("i", "k", "n", "ftp://x/"), [("url",)]),
        (Provider("i", "k", "n", "http://x/", SecretHeaders({"host": "x"})), [("headers", "host")]),
    ],
)
def test_rules_of_a_provider(provider: Provider, places: list[tuple[str, ...]]) -> None:
    """Each broken one with its place."""
    assert [place for place, _ in broken(provider)] == places
