"""The flags that describe a campaign, and the JSON body that they stand for."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from antiphon.errors import ConfigError

Body = dict[str, Any]  # Any: a JSON object
SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "max_tokens",
)
TEXTS = ("name", "model", "system_prompt")
ARGUMENT = "arg."
SWITCH = {"on": True, "off": False}
KINDS = ("direct", "outcome", "comparison", "measure")


@dataclass(frozen=True, kw_only=True)
class CampaignFlags:
    """One field a flag; None or empty where the flag was not given."""

    project: str
    """The project, by key or id."""
    variant: Annotated[tuple[str, ...], Parameter(consume_multiple=False)]
    """A variant, as KEY, or as "KEY model=large temperature=0.9 'system_prompt=Be kind.' arg.NAME=VALUE weight=2".
    The first is what others are compared with. Repeatable."""
    name: str | None = None
    """Its name for people."""
    description: str | None = None
    """What it is for."""
    goal: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A metric that variants are compared by, or KIND:METRIC, such as measure:latency_ms. Repeatable."""
    guardrail: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """The most that a measure may be, such as error_rate=0.1, or error_rate=0.1:drop. Repeatable."""
    share: float | None = None
    """The part of the project's requests that takes part."""
    unit: Literal["user", "session", "request"] | None = None
    """What keeps its variant."""
    adaptive: bool = False
    """Give better variants more of the requests as results come in."""
    decides: bool = False
    """Stop by itself once the verdict is there."""
    deploys: bool = False
    """And let the project become what the winner was; implies --decides."""
    start: bool = False
    """Let requests take part at once."""


def body(key: str, flags: CampaignFlags) -> Body:
    """The JSON object with what the flags say; ConfigError for one that does not say it rightly."""
    given: Body = {"key": key, "project": flags.project, "variants": [_variant(one) for one in flags.variant]}
    for field in ("name", "description", "share", "unit"):
        value = getattr(flags, field)
        if value is not None:
            given[field] = value
    if flags.goal:
        given["goals"] = [_goal(one) for one in flags.goal]
    if flags.guardrail:
        given["guardrails"] = [_guardrail(one) for one in flags.guardrail]
    if flags.adaptive:
        given["allocation"] = "adaptive"
    if flags.decides or flags.deploys:
        given["decides"] = True
    if flags.deploys:
        given["deploys"] = True
    if flags.start:
        given["start"] = True
    return given


def weights(given: tuple[str, ...]) -> dict[str, float]:
    """The numbers by variants' keys that `KEY=NUMBER` flags stand for."""
    found = {}
    for one in given:
        key, equals, number = one.partition("=")
        if not equals:
            raise ConfigError(f"--weight: {one!r} is not KEY=NUMBER.")
        found[key] = _number(number, "--weight", one)
    return found


def _variant(given: str) -> Body:
    try:
        key, *fields = shlex.split(given)
    except ValueError:
        raise ConfigError(f"--variant: {given!r} is not a KEY with NAME=VALUE behind it.") from None
    variant: Body = {"key": key}
    for place, value in _fields(fields, given):
        section = variant
        for name in place[:-1]:
            section = section.setdefault(name, {})
        section[place[-1]] = value
    return variant


def _fields(fields: list[str], given: str) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each value, with where it stands in the body."""
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise ConfigError(f"--variant: {field!r} in {given!r} is not NAME=VALUE.")
        if name in SAMPLING:
            yield ("sampling", name), _number(value, "--variant", field)
        elif name == "weight":
            yield (name,), _number(value, "--variant", field)
        elif name in TEXTS:
            yield (name,), _text(value)
        elif name.startswith(ARGUMENT):
            yield ("system_prompt_args", name.removeprefix(ARGUMENT)), value
        elif name == "tools":
            if value not in SWITCH:
                raise ConfigError(f"--variant: {field!r} is neither on nor off.")
            yield ("use_tools",), SWITCH[value]
        else:
            known = ", ".join((*TEXTS, "weight", *SAMPLING, "tools", f"{ARGUMENT}NAME"))
            raise ConfigError(f"--variant: {name!r} is none of {known}.")


def _goal(given: str) -> Body:
    kind, colon, metric = given.partition(":")
    return {"metric": metric, "kind": kind} if colon and kind in KINDS else {"metric": given}


def _guardrail(given: str) -> Body:
    measure, equals, rest = given.partition("=")
    limit, colon, action = rest.partition(":")
    if not equals or (colon and action not in ("stop", "drop")):
        raise ConfigError(f"--guardrail: {given!r} is not MEASURE=LIMIT, MEASURE=LIMIT:stop or MEASURE=LIMIT:drop.")
    return {"measure": measure, "limit": _number(limit, "--guardrail", given)} | ({"action": action} if colon else {})


def _number(text: str, flag: str, given: str) -> float:
    try:
        value = json.loads(text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise ConfigError(f"{flag}: {given!r} has no number.")


def _text(given: str) -> str:
    """The text itself, or what the file after `@` holds."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--variant: {given[1:]} cannot be read: {error}") from error
