"""What is asked of a channel: which messages, and whether to wait for more. Pure."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl

from msgspec import Meta, Struct

from antiphon.channels.model import parse_message_id
from antiphon.channels.moments import first_from, last_before
from antiphon.errors import BadRequest

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
FIELDS_MAX = 16
CHARACTERS_MAX = 512
NUMBER_MAX = 16**12
MS_MAX = 2**62
INTEGER = re.compile(r"[0-9]{1,9}")
SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class ChannelQuery(Struct):
    """The query of GET /v1/channel. `wait` and `follow` are ours."""

    channel: str = ""
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    before: str = ""
    after: str = ""
    wait: Annotated[float, Meta(ge=0)] = 0
    follow: bool = False


class Cursor(Struct, frozen=True):
    """A place in a channel: below or behind a number, or a time; a channel's id where it came with one."""

    number: int | None = None
    at_ms: int | None = None
    channel_id: str | None = None


class Wanted(Struct, frozen=True):
    """Which messages: the first `limit` after a place, else the last `limit`, in either case before a place."""

    limit: int = LIMIT_DEFAULT
    before: Cursor | None = None
    after: Cursor | None = None


class Asked(Struct, frozen=True):
    """What a request asks."""

    channel: str
    wanted: Wanted
    wait_s: float = 0
    follow: bool = False


def read_asked(query: str, last_event_id: str = "", *, wait_s_max: float) -> Asked:
    """What a query asks; BadRequest names the field and the rule.

    `last_event_id` is where a stream broke off that is asked for again; it counts before `after`.
    """
    given = _fields(query)
    if "channel" not in given:
        raise BadRequest("channel: required.", param="channel", code="missing_required_parameter")
    follow, wait_s = _truth(given, "follow"), _wait(given, wait_s_max)
    before = _cursor(given["before"], "before") if "before" in given else None
    if before is not None and (follow or wait_s):
        raise BadRequest("before: goes with neither `wait` nor `follow`.", param="before")
    after = _cursor(given["after"], "after") if "after" in given else None
    if follow and last_event_id:
        after = _cursor(last_event_id, "Last-Event-ID")
    return Asked(given["channel"], Wanted(_limit(given), before, after), wait_s, follow)


def _fields(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadRequest(f"The query: expected at most {FIELDS_MAX} fields in UTF-8.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in ChannelQuery.__struct_fields__:
            raise BadRequest(f"The query: the fields are {', '.join(ChannelQuery.__struct_fields__)}.")
        if name in given:
            raise BadRequest(f"{name}: may stand only once.", param=name)
        if not 1 <= len(value) <= CHARACTERS_MAX:
            raise BadRequest(f"{name}: expected 1 to {CHARACTERS_MAX} characters.", param=name)
        given[name] = value
    return given


def _limit(given: dict[str, str]) -> int:
    text = given.get("limit", str(LIMIT_DEFAULT))
    if not INTEGER.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise BadRequest(f"limit: expected 1 to {LIMIT_MAX}.", param="limit")
    return int(text)


def _wait(given: dict[str, str], most: float) -> float:
    text = given.get("wait", "0")
    if not SECONDS.fullmatch(text) or float(text) > most:
        raise BadRequest(f"wait: expected 0 to {most:g} seconds.", param="wait")
    return float(text)


def _truth(given: dict[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in ("true", "false"):
        raise BadRequest(f"{name}: expected true or false.", param=name)
    return text == "true"


def _cursor(text: str, param: str) -> Cursor:
    if (found := parse_message_id(text)) is not None:
        return Cursor(number=found[1], channel_id=found[0])
    return Cursor(at_ms=last_before(text, param) if param == "after" else first_from(text, param))
