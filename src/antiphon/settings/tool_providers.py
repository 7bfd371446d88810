"""The settings of tool providers, and the values that they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from antiphon.providers import model as provider_rules
from antiphon.providers.model import Provider, configured_id
from antiphon.providers.secret import SecretHeaders
from antiphon.settings.bounds import HeaderName, NonEmpty, ProviderKey, Seconds
from antiphon.settings.paths import SettingPath
from antiphon.settings.secret import Secret


class HeaderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A header of every request to the provider, such as `authorization`."""

    name: Annotated[HeaderName, Meta(description="Its name.")]
    value: Annotated[Secret, Meta(description="Its value; best given as `${VARIABLE}`.")]


class ToolProviderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server whose tools projects may use, reached by MCP over HTTP."""

    key: Annotated[ProviderKey, Meta(description="The name that projects and requests use.")]
    name: Annotated[NonEmpty | None, Meta(description="Its name for people; absent: the key.")] = None
    url: Annotated[NonEmpty, Meta(description="The address of its MCP endpoint; private addresses are fine.")]
    headers: Annotated[
        tuple[HeaderSettings, ...],
        Meta(description="Headers that it is sent with each request."),
    ] = ()
    timeout_s: Annotated[Seconds, Meta(description="Time for one call of a tool.")] = 30.0


def as_provider(settings: ToolProviderSettings) -> Provider:
    """The provider that the settings stand for."""
    return Provider(
        id=configured_id(settings.key),
        key=settings.key,
        name=settings.name or settings.key,
        url=settings.url,
        headers=SecretHeaders({header.name: header.value.reveal() for header in settings.headers}),
        timeout_s=settings.timeout_s,
    )


def broken(settings: ToolProviderSettings) -> Iterator[tuple[SettingPath, str]]:
    """Each broken rule with the path below the provider of the setting to change."""
    names = [header.name.lower() for header in settings.headers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("headers", index, "name"), f"`{name}` stands there twice"
    for place, rule in provider_rules.broken(as_provider(settings)):
        if place[0] == "headers" and len(place) > 1:
            yield ("headers", names.index(str(place[1]).lower())), rule
        else:
            yield place, rule
