"""Reads the header of a GGUF file: what the model is. Bounded: a lying header costs neither memory nor time."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal, cast

from msgspec import Struct

from antiphon.errors import ConfigError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
PAIRS_MAX = 4096
KEY_BYTES_MAX = 1024
TEXT_BYTES_MAX = 1024 * 1024
ITEMS_MAX = 4 * 1024 * 1024  # tokens of a vocabulary; the largest known have a quarter of a million
ITEMS_KEPT_MAX = 1024  # layers
HEADER_BYTES_MAX = 256 * 1024 * 1024
BUFFER_BYTES = 256 * 1024

STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# The names of `general.file_type`, by number; a dash is a retired one. A table reads better than forty quotes.
FILE_TYPES = (  # noqa: SIM905
    "F32 F16 Q4_0 Q4_1 - - - Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ2_XXS IQ2_XS "
    "Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16 - - - TQ1_0 TQ2_0 MXFP4"
).split()

# How a model that makes embeddings pools them, by the number in its header; 0 is none.
Pooling = Literal["mean", "cls", "last", "rank"]
POOLINGS: tuple[Pooling, ...] = ("mean", "cls", "last", "rank")

Value = int | float | str | tuple[int | float, ...] | None


class Metadata(Struct, frozen=True, kw_only=True):
    """What a file says of its model; None where it says nothing. `cache_bytes_per_token` is of a 16-bit cache."""

    architecture: str
    name: str | None = None
    quantisation: str | None = None
    context_length: int | None = None
    embedding_length: int | None = None
    chat_template: str | None = None
    cache_bytes_per_token: int | None = None
    pooling: Pooling | None = None


def read_metadata(path: Path) -> Metadata:
    """The file's metadata; ConfigError when it is no whole GGUF header."""
    try:
        with path.open("rb", buffering=BUFFER_BYTES) as file:
            pairs = _Reader(file).pairs()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as a GGUF model: {error}") from error
    except _Malformed as error:
        raise ConfigError(f"{path} is no whole GGUF model: {error}. Download it again.") from error
    return _metadata(pairs)


class _Malformed(Exception):
    """The header breaks a rule; the message says which."""


class _Reader:
    """Walks over the key-value pairs; keeps texts and numbers, steps over long lists.

    Reads, not a memory map: a file that somebody cuts off meanwhile must not end this process.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = min(os.fstat(file.fileno()).st_size, HEADER_BYTES_MAX)

    def pairs(self) -> dict[str, Value]:
        if self._take(4) != MAGIC:
            raise _Malformed("it does not begin with GGUF")
        version, _tensors, count = self._number("I"), self._number("Q"), int(self._number("Q"))
        if version not in VERSIONS:
            raise _Malformed(f"its version is {version}")
        if count > PAIRS_MAX:
            raise _Malformed(f"it claims {count} key-value pairs")
        found: dict[str, Value] = {}
        for _ in range(count):
            key = self._text(KEY_BYTES_MAX)
            found[key] = self._value(int(self._number("I")))
        return found

    def _value(self, kind: int) -> Value:
        if kind == STRING:
            return self._text(TEXT_BYTES_MAX)
        if kind == ARRAY:
            return self._list(int(self._number("I")), int(self._number("Q")))
        return self._number(_format(kind))

    def _list(self, kind: int, count: int) -> tuple[int | float, ...] | None:
        if count > ITEMS_MAX:
            raise _Malformed(f"it claims a list of {count} items")
        if kind == STRING:
            for _ in range(count):
                self._skip(int(self._number("Q")))
            return None
        form = _format(kind)
        if count > ITEMS_KEPT_MAX:
            self._skip(count * struct.calcsize("<" + form))
            return None
        return struct.unpack(f"<{count}{form}", self._take(count * struct.calcsize("<" + form)))

    def _text(self, size_bytes_max: int) -> str:
        size_bytes = int(self._number("Q"))
        if size_bytes > size_bytes_max:
            raise _Malformed(f"it claims a text of {size_bytes} bytes")
        return self._take(size_bytes).decode("utf-8", "replace")

    def _number(self, form: str) -> int | float:
        return cast("int | float", struct.unpack("<" + form, self._take(struct.calcsize("<" + form)))[0])

    def _take(self, size_bytes: int) -> bytes:
        self._spend(size_bytes)
        data = self._file.read(size_bytes)
        if len(data) != size_bytes:
            raise _Malformed("it became shorter")
        return data

    def _skip(self, size_bytes: int) -> None:
        self._spend(size_bytes)
        self._file.seek(size_bytes, os.SEEK_CUR)

    def _spend(self, size_bytes: int) -> None:
        self._left -= size_bytes
        if self._left < 0:
            raise _Malformed("its header ends too early")


def _format(kind: int) -> str:
    if kind not in SCALARS:
        raise _Malformed(f"it has a value of type {kind}, which is unknown")
    return SCALARS[kind]


def _metadata(pairs: dict[str, Value]) -> Metadata:
    architecture = _as_text(pairs.get("general.architecture")) or "unknown"
    return Metadata(
        architecture=architecture,
        name=_as_text(pairs.get("general.name")),
        quantisation=_file_type(_as_count(pairs.get("general.file_type"))),
        context_length=_as_count(pairs.get(f"{architecture}.context_length")),
        embedding_length=_as_count(pairs.get(f"{architecture}.embedding_length")),
        chat_template=_as_text(pairs.get("tokenizer.chat_template")),
        cache_bytes_per_token=_cache_bytes(pairs, architecture),
        pooling=_pooling(_as_count(pairs.get(f"{architecture}.pooling_type"))),
    )


def _file_type(number: int | None) -> str | None:
    name = FILE_TYPES[number] if number is not None and number < len(FILE_TYPES) else "-"
    return None if name == "-" else name


def _pooling(number: int | None) -> Pooling | None:
    return POOLINGS[number - 1] if number and number <= len(POOLINGS) else None


def _cache_bytes(pairs: dict[str, Value], architecture: str) -> int | None:
    """Two bytes for each number of a token's keys and values, over all layers; None when the header does not tell."""

    def count(name: str) -> int | None:
        return _as_count(pairs.get(f"{architecture}.{name}"))

    layers, heads, width = count("block_count"), count("attention.head_count"), count("embedding_length")
    if not layers or not heads or not width or layers > ITEMS_KEPT_MAX:
        return None
    per_layer = pairs.get(f"{architecture}.attention.head_count_kv", heads)
    total = sum(per_layer) if isinstance(per_layer, Sequence) and not isinstance(per_layer, str) else None
    heads_kv = int(total) if total is not None else layers * (_as_count(per_layer) or heads)
    key_length = count("attention.key_length") or width // heads
    return 2 * heads_kv * (key_length + (count("attention.value_length") or key_length)) or None


def _as_text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _as_count(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else None
