"""The header of a GGUF file: what it tells, and how lies in it are met."""

from __future__ import annotations

import random
import struct
import tracemalloc
from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles.gguf import ITEMS_MAX, PAIRS_MAX, Metadata, read_metadata
from tests.unit.modelfiles import gguf_files as files

SEED = 20_261_121
LLAMA: dict[str, files.Value] = {
    "general.architecture": "llama",
    "general.name": "Small",
    "general.file_type": 15,
    "llama.context_length": 8192,
    "llama.embedding_length": 576,
    "llama.block_count": 30,
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
    "llama.rope.freq_base": 1e5,
    "tokenizer.ggml.tokens": [f"token{number}" for number in range(5000)],
    "tokenizer.ggml.token_type": list(range(5000)),
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.chat_template": "{{ messages }}",
}


def metadata(tmp_path: Path, data: bytes) -> Metadata:
    """What the reader makes of these bytes."""
    return read_metadata(files.write(tmp_path / "m.gguf", data))


def test_a_model_tells_of_itself(tmp_path: Path) -> None:
    """Names, sizes and the template are read; long lists are stepped over."""
    assert metadata(tmp_path, files.header(LLAMA)) == Metadata(
        architecture="llama",
        name="Small",
        quantisation="Q4_K_M",
        context_length=8192,
        embedding_length=576,
        chat_template="{{ messages }}",
        cache_bytes_per_token=23_040,
    )


@pytest.mark.parametrize(
    ("changes", "size_bytes"),
    [
        ({"llama.attention.head_count_kv": [3, 1, 2]}, 2 * 6 * 128),  # layers that differ
        ({"llama.attention.key_length": 128, "llama.attention.value_length": 32}, 2 * 90 * 160),
        ({"llama.attention.head_count": 0}, None),
        ({"llama.block_count": 2_000_000}, None),
    ],
)
def test_cache_sizes(tmp_path: Path, changes: dict[str, files.Value], size_bytes: int | None) -> None:
    """Bytes of cache for a token, by the header's own figures; none where they are missing or absurd."""
    assert metadata(tmp_path, files.header({**LLAMA, **changes})).cache_bytes_per_token == size_bytes


def test_what_is_not_told_is_none(tmp_path: Path) -> None:
    """A header with next to nothing in it is a header; an unknown or retired file type has no name."""
    found = metadata(tmp_path, files.header({"general.file_type": 4}, version=2))
    assert found == Metadata(architecture="unknown")
    assert metadata(tmp_path, files.header({"general.file_type": 999_999})).quantisation is None


def test_a_value_of_the_wrong_type_is_none(tmp_path: Path) -> None:
    """A length that is text and a name that is a number are as good as absent."""
    pairs: dict[str, files.Value] = {"general.architecture": "x", "general.name": 5, "x.context_length": "long"}
    assert metadata(tmp_path, files.header(pairs)) == Metadata(architecture="x")


LIES = {
    "nothing": b"",
    "another format": b"<!doctype html><html>",
    "an old version": files.header({}, version=1),
    "too many pairs": files.header({}, count=PAIRS_MAX + 1),
    "pairs that are not there": files.header({}, count=3),
    "an endless key": files.header({}, count=1) + struct.pack("<Q", 2**63),
    "an endless text": files.header({}, count=1) + files.text("k") + struct.pack("<IQ", 8, 2**40),
    "an endless list": files.header({}, count=1) + files.text("k") + struct.pack("<IIQ", 9, 4, ITEMS_MAX + 1),
    "a list beyond the end": files.header({}, count=1) + files.text("k") + struct.pack("<IIQ", 9, 4, ITEMS_MAX),
    "texts beyond the end": files.header({}, count=1) + files.text("k") + struct.pack("<IIQQ", 9, 8, 9, 2**62),
    "a list of lists": files.header({}, count=1) + files.text("k") + struct.pack("<IIQ", 9, 9, 1),
    "an unknown type": files.header({}, count=1) + files.text("k") + struct.pack("<I", 99),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies(tmp_path: Path, lie: str) -> None:
    """A header that breaks a rule is refused with the path and the reason, and costs next to no memory."""
    path = files.write(tmp_path / "m.gguf", LIES[lie])
    tracemalloc.start()
    with pytest.raises(ConfigError, match=r"m\.gguf is no whole GGUF model: .*\. Download it again"):
        read_metadata(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The sentence has the path."""
    with pytest.raises(ConfigError, match=r"none\.gguf cannot be read"):
        read_metadata(tmp_path / "none.gguf")


def test_cut_and_flipped_headers_never_break_the_reader(tmp_path: Path) -> None:
    """Whatever happened to the bytes, the reader answers or refuses; anything else would end a gateway's start."""
    whole = files.header({**LLAMA, "tokenizer.ggml.tokens": ["a", "b"], "tokenizer.ggml.token_type": [1, 2]})
    source = random.Random(SEED)
    for _ in range(500):
        data = bytearray(whole[: source.randrange(len(whole) + 1)])
        for _ in range(source.randrange(4)):
            if data:
                data[source.randrange(len(data))] = source.randrange(256)
        try:
            metadata(tmp_path, bytes(data))
        except ConfigError:
            continue


@pytest.mark.parametrize(
    ("number", "pooling"), [(None, None), (0, None), (1, "mean"), (2, "cls"), (3, "last"), (4, "rank"), (5, None)]
)
def test_how_a_model_pools(number: int | None, pooling: str | None, tmp_path: Path) -> None:
    """By the number under its architecture; most models say nothing, since they generate."""
    pairs: dict[str, files.Value] = {"general.architecture": "bert"}
    if number is not None:
        pairs["bert.pooling_type"] = number
    path = files.write(tmp_path / "m.gguf", files.header(pairs))
    assert read_metadata(path).pooling == pooling
