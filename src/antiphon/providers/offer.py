"""From what a provider lists to what a model may be offered: names, lengths, and schemas that can be kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.chat import Tool
from antiphon.errors import BadRequest
from antiphon.providers.model import (
    ListedTool,
    Listing,
    Provider,
    ProviderLimits,
    RefusedTool,
    ServerTool,
    offered_name,
)
from antiphon.providers.results import cleaned
from antiphon.structured.budget import Budget
from antiphon.structured.gbnf import Grammar
from antiphon.structured.grammar import add_schema, rendered

SHOWN_NAME_CHARACTERS_MAX = 100
SCHEMA = "inputSchema"


def listing(provider: Provider, listed: Sequence[ListedTool], limits: ProviderLimits) -> Listing:
    """The tools that can be offered, and the others with the reason. Compiles every schema, which takes its time."""
    tools: dict[str, ServerTool] = {}
    refused: list[RefusedTool] = []
    for one in listed:
        name = offered_name(provider.key, one.name)
        reason = _reason(one, taken=name in tools, full=len(tools) >= limits.tools_max, limits=limits)
        if reason is None:
            description = cleaned(one.description, characters_max=limits.description_characters_max)
            tools[name] = ServerTool(provider.id, provider.key, one.name, Tool(name, description, one.parameters))
        else:
            refused.append(RefusedTool(_shown(one.name), reason))
    return Listing(tuple(tools.values()), tuple(refused))


def _reason(one: ListedTool, *, taken: bool, full: bool, limits: ProviderLimits) -> str | None:
    """Why a tool is not offered, None if it is."""
    if full:
        return f"a provider may have at most {limits.tools_max} tools"
    if not one.name or taken:
        return "its name is empty or stands there twice"
    if one.parameters.get("type", "object") != "object":
        return f'{SCHEMA}.type must be "object"'
    try:
        grammar = Grammar(Budget(param=SCHEMA))
        rule = add_schema(grammar, one.parameters, param=SCHEMA, objects_only=True)
        rendered(grammar, rule, param=SCHEMA)
    except BadRequest as error:
        return error.message
    return None


def _shown(name: str) -> str:
    """A stranger's name on one line."""
    short = name[:SHOWN_NAME_CHARACTERS_MAX]
    return " ".join(cleaned(short, characters_max=SHOWN_NAME_CHARACTERS_MAX).split())
