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
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1")
    parts = (b"\r\n" + body).split(b"\r\n" + mark, PARTS_MAX + 2)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):  # nothing before the first mark, `--` behind the last
        raise BadRequest(f"The form has no end, or more than {PARTS_MAX} fields.")
    found: dict[str, Field] = {}
    for part in parts[1:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = NAME.search(disposition)
        if not blank or name is None:
            raise BadRequest("A part of the form has no name.")
        file_name = FILE_NAME.search(disposition)
        found.setdefault(name[1], Field(content, None if file_name is None else file_name[1]))
    return found


def _disposition(head: bytes) -> str:
    """The header that names the part."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        title, _, value = line.partition(":")
        if title.strip().lower() == "content-disposition":
            return value
    return ""
