"""A tool provider and its tools: what they are called, and which of them a request may use. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from antiphon.chat import ChatRequest, Tool
from antiphon.errors import BadRequest
from antiphon.ids import derived_uuid
from antiphon.providers.addresses import broken_url
from antiphon.providers.secret import SecretHeaders

KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
KEY_RULE = "expected 1 to 32 letters, digits and `-`, neither first nor last a `-`"
NAME_CHARACTERS_MAX = 200
TOOL_NAME_CHARACTERS_MAX = 64
TOOL_NAME_REFUSED = re.compile(r"[^A-Za-z0-9_-]")
MARK_CHARACTERS = 8
SHOWN_CHARACTERS_MAX = 80

Broken = Iterator[tuple[tuple[str | int, ...], str]]


class ProviderLimits(Struct, frozen=True):
    """Bounds on every provider: seconds, bytes and characters.

    An answer larger than `answer_bytes_max` is not read to its end; of a result the model sees `text_characters_max`.
    """

    connect_s: float = 5.0
    list_s: float = 10.0
    list_again_s: float = 300.0  # how long a list of tools is believed
    retry_s: float = 2.0  # a provider that has failed is left alone for that long
    tools_max: int = 128
    pages_max: int = 32
    connections_max: int = 64
    answer_bytes_max: int = 1024 * 1024
    text_characters_max: int = 64 * 1024
    description_characters_max: int = 4096


class Provider(Struct, frozen=True):
    """A server that has tools, reached by MCP over HTTP. `timeout_s` is for one call."""

    id: str
    key: str
    name: str
    url: str
    headers: SecretHeaders = SecretHeaders()
    timeout_s: float = 30.0
    created_at_ms: int = 0


class ServerTool(Struct, frozen=True):
    """A tool of a provider: `own_name` is the provider's word for it, `tool` what the model is shown."""

    provider_id: str
    provider_key: str
    own_name: str
    tool: Tool


class ListedTool(Struct, frozen=True):
    """A tool as its provider lists it: a stranger's words, not checked yet."""

    name: str
    description: str
    parameters: dict[str, Any]  # Any: a JSON schema, checked by `structured/`


class RefusedTool(Struct, frozen=True):
    """A tool that is listed and not offered, and why."""

    name: str
    reason: str


class Listing(Struct, frozen=True):
    """The tools of one provider at one time."""

    tools: tuple[ServerTool, ...]
    refused: tuple[RefusedTool, ...] = ()


class ToolResult(Struct, frozen=True):
    """What a call brought, as text for the model."""

    text: str
    is_error: bool = False


def configured_id(key: str) -> str:
    """The id of a provider that is configured: always the same for its key."""
    return derived_uuid(f"tool provider {key}")


def broken(provider: Provider) -> Broken:
    """Each rule that the provider breaks, with the place of what is wrong."""
    if not KEY.fullmatch(provider.key):
        yield ("key",), KEY_RULE
    if not 1 <= len(provider.name) <= NAME_CHARACTERS_MAX:
        yield ("name",), f"expected 1 to {NAME_CHARACTERS_MAX} characters"
    if rule := broken_url(provider.url):
        yield ("url",), rule
    yield from provider.headers.broken()


def offered_name(key: str, own_name: str) -> str:
    """The name under which the model knows a tool: `key__name`, cut and marked where that is no name for a model.

    A key holds no `_`, so the tools of two providers never share a name.
    """
    plain = TOOL_NAME_REFUSED.sub("_", own_name)
    name = f"{key}__{plain}"
    if plain == own_name and len(name) <= TOOL_NAME_CHARACTERS_MAX:
        return name
    mark = hashlib.sha256(own_name.encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARACTERS]
    return f"{name[: TOOL_NAME_CHARACTERS_MAX - MARK_CHARACTERS - 1]}_{mark}"


def needed(request: ChatRequest, providers: Sequence[Provider]) -> tuple[Provider, ...]:
    """The providers whose tools must be known to tell which the request may use; none if it uses none.

    BadRequest where the request asks for what cannot go together with tools that run here.
    """
    if request.use_tools is False or _calls_nothing(request):
        return ()
    if request.tools:
        if request.use_tools:
            message = "use_tools: cannot be true beside functions in `tools`, whose calls the caller answers."
            raise BadRequest(message, param="use_tools")
        return ()
    by_name = _by_name(providers)
    overrides = request.tool_overrides
    if all(override.id in by_name for override in overrides):
        states = {by_name[override.id].id: override.enabled for override in overrides}
        providers = [provider for provider in providers if states.get(provider.id, True)]
    if providers and request.n > 1:
        message = "n: expected 1 while tools of the project are in use; `use_tools: false` turns them off."
        raise BadRequest(message, param="n")
    return tuple(providers)


def enabled(request: ChatRequest, providers: Sequence[Provider], tools: Sequence[ServerTool]) -> tuple[ServerTool, ...]:
    """Those of `tools` that the request may use. What it says of a tool counts more than what of a provider.

    Without a word of the request all are in use; `use_tools: false` turns all of them off. BadRequest for an `id`
    that names none of `providers` and none of `tools`.
    """
    if request.use_tools is False:
        return ()
    by_name = _by_name(providers)
    of_providers: dict[str, bool] = {}
    of_tools: dict[str, bool] = {}
    for index, override in enumerate(request.tool_overrides):
        provider = by_name.get(override.id)
        if provider is not None:
            of_providers[provider.id] = override.enabled
            continue
        named = [one.tool.name for one in tools if override.id in (one.tool.name, one.own_name)]
        if not named:
            param = f"tools[{index}].id"
            message = f"{param}: {_shown(override.id)} is no tool provider of the project and no tool of one."
            raise BadRequest(message, param=param)
        of_tools |= dict.fromkeys(named, override.enabled)
    return tuple(one for one in tools if of_tools.get(one.tool.name, of_providers.get(one.provider_id, True)))


def _calls_nothing(request: ChatRequest) -> bool:
    """Whether no call can come: it continues an answer that has begun, or completes plain text."""
    if request.prompts:
        return True
    last = request.messages[-1]
    return last.role == "assistant" and not last.tool_calls


def _by_name(providers: Sequence[Provider]) -> Mapping[str, Provider]:
    return {provider.key: provider for provider in providers} | {provider.id: provider for provider in providers}


def _shown(name: str) -> str:
    """A caller's own words in a message: printable and short."""
    return repr("".join(one if one.isprintable() else "?" for one in name[:SHOWN_CHARACTERS_MAX]))
