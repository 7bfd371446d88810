"""multipart/form-data, as clients upload files with: a body to its fields. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from antiphon.errors import BadRequest, UnsupportedMedia

PARTS_MAX = 32
BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
NAME = re.compile(r'[; ]name="((?:[^"\\]|\\.)*)"')
FILE_NAME = re.compile(r'[; ]filename="((?:[^"\\]|\\.)*)"')


class Field(Struct, frozen=True):
    """The content of a field; one that is a file may have a name."""

    content: bytes
    file_name: str | None = None


def fields(content_type: str, body: bytes) -> dict[str, Field]:
    """The fields by name, the first of each; UnsupportedMedia for another type, BadRequest for what is no form."""
    boundary = BOUNDARY.search(content_type)
    if boundary is None or not content_type.lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("content-type: expected multipart/form-data with a boundary.")
    mark = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1")
    begin = 0 if body.startswith(mark[2:]) else body.find(mark) + 2
    found: dict[str, Field] = {}
    for _ in range(PARTS_MAX + 1):
        begin += len(mark) - 2
        if found and body.startswith(b"--", begin):
            return found
        end = body.find(mark, begin)
        if end < 0:
            break
        name, field = _field(body, begin, end)
        found.setdefault(name, field)
        begin = end + 2
    raise BadRequest(f"The form has no end, no field, or more than {PARTS_MAX}.")


def _field(body: bytes, begin: int, end: int) -> tuple[str, Field]:
    """The part between two marks; its content is copied once, however large it is."""
    blank = body.find(b"\r\n\r\n", begin, end)
    disposition = _disposition(body[begin : max(begin, blank)])
    name = NAME.search(disposition)
    if blank < 0 or name is None:
        raise BadRequest("A part of the form has no name.")
    file_name = FILE_NAME.search(disposition)
    return name[1], Field(body[blank + 4 : end], None if file_name is None else file_name[1])


def _disposition(head: bytes) -> str:
    """The header that names the part."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        title, _, value = line.partition(":")
        if title.strip().lower() == "content-disposition":
            return value
    return ""
