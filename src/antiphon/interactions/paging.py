"""Pages of a list that grows while it is read: a cursor says after which row to go on. Pure."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from antiphon.errors import BadRequest

Order = Literal["desc", "asc"]  # newest first, oldest first
Item = TypeVar("Item")

LIMIT_MAX = 200
LIMIT_DEFAULT = 50
CURSOR_CHARACTERS_MAX = 2_048


class Position(Struct, frozen=True, array_like=True):
    """A row's place in a list by time; the id decides between equal times."""

    at_ms: int
    id: str


class Paging(Struct, frozen=True):
    """Which part of a list: `limit` rows after a position, or from the beginning."""

    after: Position | None = None
    limit: int = LIMIT_DEFAULT
    order: Order = "desc"


class Page(Struct, Generic[Item], frozen=True):
    """A part of a list; `next` is where the following part begins, None at the end."""

    items: tuple[Item, ...]
    next: Position | None = None


_decoder = msgspec.json.Decoder(Position)


def cursor(position: Position) -> str:
    """The position as clients hand it back."""
    return urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def position(text: str, param: str) -> Position:
    """The position of a cursor; BadRequest for what is none."""
    refusal = BadRequest(f"{param}: not a cursor that a list here gave.", param=param)
    if len(text) > CURSOR_CHARACTERS_MAX or not text.isascii():
        raise refusal
    try:
        found = _decoder.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        raise refusal from None
    if not 0 <= found.at_ms < 2**63 or "\0" in found.id:
        raise refusal
    return found
