"""Tool providers in the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.providers.model import Provider, configured_id
from antiphon.providers.secret import SecretHeaders
from antiphon.settings.secret import Secret
from antiphon.settings.tool_providers import HeaderSettings, ToolProviderSettings, as_provider, broken

AUTHORIZATION = HeaderSettings(name="authorization", value=Secret("Bearer s3cret"))


def settings_of(**fields: Any) -> ToolProviderSettings:  # Any: fields of every type
    """A provider with a key and a URL, and with these fields."""
    return ToolProviderSettings(**{"key": "sky", "url": "http://sky/mcp"} | fields)


def test_the_value_that_it_stands_for() -> None:
    """Always the same id for the same key, so that projects and requests may keep it."""
    assert as_provider(settings_of(name="Sky", headers=(AUTHORIZATION,), timeout_s=7.0)) == Provider(
        configured_id("sky"),
        "sky",
        "Sky",
        "http://sky/mcp",
        SecretHeaders({"authorization": "Bearer s3cret"}),
        7.0,
    )
    assert as_provider(settings_of()).name == "sky"


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({}, []),
        ({"headers": (AUTHORIZATION,)}, []),
        ({"url": "http://169.254.169.254/mcp"}, [("url",)]),
        ({"url": "http://user:secret@sky/"}, [("url",)]),
        ({"name": "n" * 201}, [("name",)]),
        ({"headers": (AUTHORIZATION, AUTHORIZATION)}, [("headers", 1, "name")]),
        ({"headers": (AUTHORIZATION, HeaderSettings(name="Host", value=Secret("x")))}, [("headers", 1)]),
        (
            {"headers": tuple(HeaderSettings(name=f"x-{i}", value=Secret("x")) for i in range(33))},
            [("headers",)],
        ),
    ],
)
def test_rules(fields: dict[str, Any], places: list[tuple[str | int, ...]]) -> None:
    """Each broken one with its place, and never a secret."""
    found = list(broken(settings_of(**fields)))
    assert [place for place, _ in found] == places
    assert all("s3cret" not in rule for _, rule in found)
