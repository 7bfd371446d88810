"""The addresses of files and batches, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from antiphon.batches.routes import BatchRoutes, FileRoutes
from antiphon.batches.service import Batches
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound, UnsupportedMedia
from antiphon.http.exchange import Exchange
from antiphon.ids import seeded
from tests.unit.batches.made import ANN, BOB, CHAT, NOW_MS, files_of, named
from tests.unit.http.recording import RecordingWire, exchange_of

Handler = Callable[[Exchange], Awaitable[None]]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the stores are tried on each
FORM = {b"content-type": b"multipart/form-data; boundary=b"}


def form(purpose: str = "batch", content: bytes = named(2)) -> bytes:
    """The body of an upload."""
    said = b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\n' + purpose.encode()
    file = b'\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' + content
    return said + file + b"\r\n--b--\r\n"


class Desk:
    """The handlers over one database."""

    def __init__(self, database: Database) -> None:
        clock = ManualClock(NOW_MS / 1000)
        files = files_of(database, clock)
        self.files = FileRoutes(files)
        self.batches = BatchRoutes(
            Batches(database, per_account_max=9, clock=clock, ids=seeded(2), on_made=lambda: None)
        )

    async def ask(
        self, handler: Handler, body: bytes = b"", *, query: str = "", name: str = "", key: Any = ANN
    ) -> RecordingWire:
        """What the connection saw of an answer; a refusal is raised."""
        exchange, wire = exchange_of("POST", "/v1/files", FORM)
        exchange.key, exchange.query, exchange.parameter = key, query, name
        exchange.add(body, len(body))
        await handler(exchange)
        assert wire.status == 200
        return wire

    async def told(self, handler: Handler, body: bytes = b"", **asked: Any) -> Any:  # Any: an answer's JSON
        """The JSON of an answer."""
        return json.loads((await self.ask(handler, body, **asked)).body)

    async def batch(self, file_id: str, **fields: object) -> Any:  # Any: an answer's JSON
        """A new batch of a file."""
        body = {"input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h"} | fields
        return await self.told(self.batches.create, msgspec.json.encode(body))


@pytest.fixture
def desk(database: Database) -> Desk:
    """Nothing is there yet."""
    return Desk(database)


async def test_a_file_is_uploaded_read_and_deleted(desk: Desk) -> None:
    """As OpenAI's clients do."""
    made = await desk.told(desk.files.create, form())
    assert (made["object"], made["filename"], made["bytes"]) == ("file", "a.jsonl", len(named(2)))
    assert await desk.told(desk.files.get, name=made["id"]) == made
    content = await desk.ask(desk.files.content, name=made["id"])
    assert b"".join(content.body.split(b"\r\n")[1::2]) == named(2)
    listed = await desk.told(desk.files.list, query="purpose=batch&limit=5&order=asc")
    assert (listed["data"], listed["has_more"], listed["last_id"]) == ([made], False, made["id"])
    assert (await desk.told(desk.files.list, query=f"after={made['id']}"))["data"] == []
    assert (await desk.told(desk.files.list, key=BOB))["data"] == []
    assert await desk.told(desk.files.delete, name=made["id"]) == {"id": made["id"], "object": "file", "deleted": True}
    with pytest.raises(NotFound):
        await desk.ask(desk.files.content, name=made["id"])


async def test_what_is_no_upload_is_refused(desk: Desk) -> None:
    """By the field that is wrong."""
    for body, rule in ((form(purpose="fine-tune"), "^purpose: "), (b'--b\r\nname="purpose"\r\n\r\n--b--', "no name")):
        with pytest.raises(BadRequest, match=rule):
            await desk.ask(desk.files.create, body)
    exchange, _ = exchange_of("POST", "/v1/files")
    exchange.key = ANN
    with pytest.raises(UnsupportedMedia):
        await desk.files.create(exchange)
    for query in ("limit=0", "limit=x", "order=up", "other=1"):
        with pytest.raises(BadRequest):
            await desk.ask(desk.files.list, query=query)


async def test_a_file_may_go_sooner(desk: Desk) -> None:
    """As the form says, within bounds."""

    def asked(anchor: str, seconds: str) -> bytes:
        fields = {"expires_after[anchor]": anchor, "expires_after[seconds]": seconds}
        parts = [
            f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{said}\r\n' for name, said in fields.items()
        ]
        return "".join(parts).encode() + form()

    made = await desk.told(desk.files.create, asked("created_at", "3600"))
    assert made["expires_at"] - made["created_at"] == 3_600
    for wrong in (("now", "3600"), ("created_at", "60"), ("created_at", "soon"), ("created_at", "000003600000000")):
        with pytest.raises(BadRequest, match="^expires_after"):
            await desk.ask(desk.files.create, asked(*wrong))


async def test_a_batch_is_made_listed_and_cancelled(desk: Desk) -> None:
    """By its account."""
    file = await desk.told(desk.files.create, form())
    made = await desk.batch(file["id"], metadata={"team": "a"})
    assert (made["object"], made["status"], made["metadata"]) == ("batch", "validating", {"team": "a"})
    assert await desk.told(desk.batches.get, name=made["id"]) == made
    assert [one["id"] for one in (await desk.told(desk.batches.list, query="limit=1"))["data"]] == [made["id"]]
    assert (await desk.told(desk.batches.list, query=f"after={made['id']}"))["data"] == []
    assert (await desk.told(desk.batches.cancel, name=made["id"]))["status"] == "cancelling"
    with pytest.raises(NotFound):
        await desk.ask(desk.batches.get, name=made["id"], key=BOB)
    for fields in ({"endpoint": "/v1/models"}, {"completion_window": "1h"}, {"metadata": {"": "x"}}):
        with pytest.raises(BadRequest):
            await desk.batch(file["id"], **fields)
