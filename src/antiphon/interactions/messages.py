"""Messages as they are kept: JSON, a placeholder for each image, and a hash that tells equal prompts. Pure.

A placeholder names the image's digest, so that the same image can be recognised; the image itself is not kept.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import Image, Message, Part, Role, Text, ToolCall

PLACEHOLDER = "stored-image:"
PIECE_CHARACTERS = 65_536  # of base64, a multiple of 4: other threads go on between two pieces
URL_CHARACTERS_MAX = 2_048


class _StoredPart(Struct):
    """A part of a content: a text, or an image."""

    text: str | None = None
    url: str | None = None


class _StoredMessage(Struct):
    """A turn, in the form that a decoder can tell its parts apart."""

    role: Role
    content: str | tuple[_StoredPart, ...] | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str | None = None
    completion_id: str | None = None
    metadata: Any = None  # Any: the caller's own note on the turn


_decoder = msgspec.json.Decoder(tuple[_StoredMessage, ...])


def kept(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with a placeholder for each image that came as data."""
    if all(isinstance(message.content, str | None) for message in messages):
        return messages
    return tuple(
        message if isinstance(message.content, str | None) else replace(message, content=_parts(message.content))
        for message in messages
    )


def prompt_hash(messages: tuple[Message, ...]) -> str:
    """SHA-256 of what a model reads of kept messages; notes, ids of completions and earlier thoughts do not count."""
    read = [
        (message.role, message.name, message.content, message.tool_calls, message.tool_call_id) for message in messages
    ]
    return hashlib.sha256(msgspec.json.encode(read)).hexdigest()


def encode(messages: tuple[Message, ...]) -> str:
    """The JSON that is stored."""
    return msgspec.json.encode(messages).decode()


def decode(text: str) -> tuple[Message, ...]:
    """The messages that were stored."""
    return tuple(
        Message(
            role=stored.role,
            content=_content(stored.content),
            name=stored.name,
            tool_calls=stored.tool_calls,
            tool_call_id=stored.tool_call_id,
            reasoning=stored.reasoning,
            completion_id=stored.completion_id,
            metadata=stored.metadata,
        )
        for stored in _decoder.decode(text)
    )


def placeholder(url: str) -> str:
    """What stands for an image: `stored-image:image/png;bytes=70;sha256=...`, of its file where the data is base64.

    The address of an image elsewhere is kept, unless it is very long.
    """
    if url.startswith(PLACEHOLDER):
        return url
    head, comma, payload = url.partition(",")
    if not comma or head[:5].lower() != "data:":
        return url if len(url) <= URL_CHARACTERS_MAX else f"{PLACEHOLDER}address;sha256={_digest(url)}"
    media_type = head[5:].partition(";")[0].lower()
    known = media_type if media_type in {"image/png", "image/jpeg", "image/gif", "image/webp"} else "image"
    try:
        size_bytes, digest = _file(payload)
    except (binascii.Error, ValueError):
        return f"{PLACEHOLDER}{known};characters={len(payload)};sha256={_digest(payload)}"
    return f"{PLACEHOLDER}{known};bytes={size_bytes};sha256={digest}"


def _parts(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(Image(placeholder(part.url)) if isinstance(part, Image) else part for part in parts)


def _content(content: str | tuple[_StoredPart, ...] | None) -> str | tuple[Part, ...] | None:
    if content is None or isinstance(content, str):
        return content
    return tuple(Image(part.url) if part.url is not None else Text(part.text or "") for part in content)


def _file(payload: str) -> tuple[int, str]:
    """Size and digest of the file that base64 stands for, piece by piece; ValueError when it is not plain base64."""
    size_bytes, digest = 0, hashlib.sha256()
    for start in range(0, len(payload), PIECE_CHARACTERS):
        piece = binascii.a2b_base64(payload[start : start + PIECE_CHARACTERS], strict_mode=True)
        size_bytes += len(piece)
        digest.update(piece)
    return size_bytes, digest.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
