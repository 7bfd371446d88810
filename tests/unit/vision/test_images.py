"""Data URLs as clients really send them, and as they should not."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.vision.images import is_data_url, parse_data_url
from tests.fixtures.vision.pictures import data_url, solid

DATA = solid()
BASE64 = base64.b64encode(DATA).decode("ascii")
SIZE_BYTES_MAX = 100_000


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{BASE64}",
        f"DATA:image/png;base64,{BASE64}",
        f"Data:IMAGE/PNG;BASE64,{BASE64}",
        f"data:image/svg+xml;base64,{BASE64}",
        f"data:image/png;charset=utf-8;base64,{BASE64}",
        f"data:image/png;name=a.png; base64,{BASE64}",
        f"data:;base64,{BASE64}",
        f"data:base64;base64,{BASE64}",
        f"data:image/png;base64,{BASE64.rstrip('=')}",
        f"data:image/png;base64, {BASE64}\n",
        f" data:image/png;base64,{BASE64}",
        "data:image/png;base64," + "\r\n".join(BASE64[i : i + 76] for i in range(0, len(BASE64), 76)),
        "data:image/png;base64," + "\t ".join(BASE64[i : i + 3] for i in range(0, len(BASE64), 3)),
        f"data:image/png;base64,{quote(BASE64, safe='')}",
        f"data:image/png;base64,{BASE64.replace('=', '%3D')}",
        f"data:image/png;base64,{base64.urlsafe_b64encode(DATA).decode('ascii')}",
        f"data:image/png,{quote(DATA, safe='')}",
    ],
)
def test_every_usual_spelling_gives_the_same_bytes(url: str) -> None:
    """Case, parameters, line breaks, missing padding, percent signs and either alphabet make no difference."""
    assert is_data_url(url)
    assert parse_data_url(url, size_bytes_max=SIZE_BYTES_MAX) == DATA


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("data:", "form"),
        ("data:image/png;base64", "form"),
        (f"data:image/png;base64;{BASE64}", "form"),
        ("data:" + "a" * 600 + ",x", "form"),
        ("data:image/ä;base64,AAAA", "form"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png;base64,=", "empty"),
        ("data:,", "empty"),
        ("data:image/png;base64,A", "padded"),
        ("data:image/png;base64,AAAAA", "padded"),
        ("data:image/png;base64,AAAA====", "padded"),
        ("data:image/png;base64,AA=A", "not base64"),
        ("data:image/png;base64,AA*A", "not base64"),
        ("data:image/png;base64,AA#A", "not base64"),
        ("data:image/png;base64,AAA%00", "not base64"),
        ("data:image/png;base64,AAAÄ", "ASCII"),
        ("data:image/png;base64,ＡＡＡＡ", "ASCII"),
        ("data:image/png;base64,AAA\ud800", "ASCII"),
        ("data:image/png;base64," + "A" * 133_340, "larger than 100000 bytes"),
        ("data:image/png;base64," + "A" * 400_000, "larger than 100000 bytes"),
        ("data:image/png," + "A" * 100_001, "larger than 100000 bytes"),
    ],
)
def test_a_bad_data_url_is_refused_by_its_rule(url: str, rule: str) -> None:
    """Each refusal names the rule, and never repeats the input."""
    with pytest.raises(ValueError, match=rule) as refusal:
        parse_data_url(url, size_bytes_max=SIZE_BYTES_MAX)
    assert len(str(refusal.value)) < 100


def test_the_size_limit_is_exact() -> None:
    """An image of exactly the limit passes, one byte more does not."""
    data = bytes(1001)
    assert parse_data_url(data_url(data[:1000]), size_bytes_max=1000) == data[:1000]
    with pytest.raises(ValueError, match="larger than 1000 bytes"):
        parse_data_url(data_url(data), size_bytes_max=1000)


@pytest.mark.parametrize("url", ["https://a.example/data:", "dat:a,b", "", "data", "xdata:,"])
def test_other_urls_are_no_data_urls(url: str) -> None:
    """Only the scheme decides."""
    assert not is_data_url(url)


@given(st.binary(min_size=1, max_size=300), st.integers(min_value=1, max_value=80))
def test_whatever_is_encoded_comes_back(data: bytes, width: int) -> None:
    """Wrapping at any width and dropping the padding lose nothing."""
    text = base64.b64encode(data).decode("ascii").rstrip("=")
    wrapped = "\n".join(text[i : i + width] for i in range(0, len(text), width))
    assert parse_data_url(f"data:;base64,{wrapped}", size_bytes_max=300) == data


@given(st.text(max_size=60))
def test_any_text_is_bytes_or_a_refusal(text: str) -> None:
    """No text makes the reader fail otherwise than by its own refusal."""
    with suppress(ValueError):
        assert parse_data_url(f"data:image/png;base64,{text}", size_bytes_max=300)
