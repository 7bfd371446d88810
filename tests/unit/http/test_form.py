"""Uploads by form: fields by name, whatever they hold, and nothing that is no form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import BadRequest, UnsupportedMedia
from antiphon.http.form import Field, fields

TYPE = "multipart/form-data; boundary=edge"


def part(name: str, content: bytes, more: str = "") -> bytes:
    """One part of a form."""
    return (
        f'--edge\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        + (content + b"\r\n")
    )


@given(st.binary(max_size=200).filter(lambda content: b"\r\n--edge" not in content))
def test_a_content_comes_as_it_was(content: bytes) -> None:
    """Line ends, marks and zeros included."""
    body = part("purpose", b"batch") + part("file", content, '; filename="a b.jsonl"') + b"--edge--\r\n"
    assert fields(TYPE, body) == {"purpose": Field(b"batch"), "file": Field(content, "a b.jsonl")}


def test_a_boundary_may_be_quoted() -> None:
    """And what comes before the first part is nothing."""
    body = b"preamble\r\n" + part("a", b"1") + part("a", b"2") + b"--edge--"
    assert fields('multipart/form-data; charset=utf-8; boundary="edge"', body) == {"a": Field(b"1")}


@pytest.mark.parametrize("media", ["", "application/json", "multipart/form-data", "text/plain; boundary=edge"])
def test_another_type_is_refused(media: str) -> None:
    """415, with what is expected."""
    with pytest.raises(UnsupportedMedia):
        fields(media, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge--",
        part("a", b"1"),
        b"--edge\r\n\r\n1\r\n--edge--",
        b"".join(part(f"f{n}", b"") for n in range(40)),
    ],
)
def test_what_is_no_form(body: bytes) -> None:
    """No end, no name, no part, or too many."""
    with pytest.raises(BadRequest):
        fields(TYPE, body)
