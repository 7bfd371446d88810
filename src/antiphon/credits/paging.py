"""The query of an account's history: which part of it, told by a cursor. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from antiphon.credits.store import NUMBER_MAX
from antiphon.errors import BadRequest

LIMIT_MAX = 200
LIMIT_DEFAULT = 50
FIELDS_MAX = 16
CURSOR_CHARACTERS_MAX = 64
INTEGER = re.compile(r"[0-9]{1,9}")


class LedgerQuery(Struct):
    """Which part of an account's history; `after` is the `next` of the part before it."""

    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT


class Part(Struct, frozen=True):
    """The `limit` journals with the highest numbers below `before`."""

    before: int = NUMBER_MAX
    limit: int = LIMIT_DEFAULT


class _Place(Struct, frozen=True, array_like=True):
    number: int


_place = msgspec.json.Decoder(_Place)


def read_part(query: str) -> Part:
    """The part that a query asks for; BadRequest names the field and the rule."""
    given = _fields(query)
    part = Part()
    if "limit" in given:
        if not INTEGER.fullmatch(given["limit"]) or not 1 <= int(given["limit"]) <= LIMIT_MAX:
            raise BadRequest(f"limit: expected 1 to {LIMIT_MAX}.", param="limit")
        part = msgspec.structs.replace(part, limit=int(given["limit"]))
    if "after" in given:
        part = msgspec.structs.replace(part, before=_number(given["after"]))
    return part


def cursor(number: int) -> str:
    """The place behind the journal of that number, as clients hand it back."""
    return urlsafe_b64encode(msgspec.json.encode(_Place(number))).rstrip(b"=").decode()


def _fields(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadRequest(f"The query: expected at most {FIELDS_MAX} fields in UTF-8.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in LedgerQuery.__struct_fields__:
            raise BadRequest(f"The query: the fields are {', '.join(LedgerQuery.__struct_fields__)}.")
        if name in given:
            raise BadRequest(f"{name}: may stand only once.", param=name)
        given[name] = value
    return given


def _number(text: str) -> int:
    refusal = BadRequest("after: not a cursor that a list here gave.", param="after")
    if len(text) > CURSOR_CHARACTERS_MAX or not text.isascii():
        raise refusal
    try:
        number = _place.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4))).number
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        raise refusal from None
    if not 0 <= number <= NUMBER_MAX:
        raise refusal
    return number
