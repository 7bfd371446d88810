"""/v1/files and /v1/batches, as OpenAI's clients use them."""

from __future__ import annotations

import msgspec

from antiphon.batches import wire
from antiphon.batches.files import PURPOSE, Files
from antiphon.batches.model import EXPIRY_S_MAX, EXPIRY_S_MIN, File
from antiphon.batches.service import Batches
from antiphon.batches.store import Kept
from antiphon.errors import BadRequest
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.http.form import Field
from antiphon.http.form import fields as form_fields
from antiphon.interactions.listing import Fields, fields
from antiphon.interactions.paging import LIMIT_MAX, Order, Paging, Position

LINES = (b"content-type", b"application/jsonl")
FILES_LIMIT = 100
BATCHES_LIMIT = 20
DIGITS_MAX = 9

_body = msgspec.json.Decoder(wire.BatchBody)


class FileRoutes:
    """The files of the caller's account."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def create(self, exchange: Exchange) -> None:
        """Keep an uploaded file of requests."""
        account = require_key(exchange).account
        given = form_fields(exchange.header(b"content-type"), await exchange.body())
        purpose, file = given.get("purpose"), given.get("file")
        if purpose is None or purpose.content != PURPOSE.encode():
            raise BadRequest(f"purpose: expected {PURPOSE}.", param="purpose")
        if file is None:
            raise BadRequest("file: required.", param="file", code="missing_required_parameter")
        name = file.file_name or "requests.jsonl"
        made = await self._files.add(account, name, file.content, expires_s=_expiry_s(given))
        exchange.respond(200, msgspec.json.encode(wire.file(made)), JSON)

    async def list(self, exchange: Exchange) -> None:
        """A part of them."""
        account = require_key(exchange).account
        given = fields(exchange.query, frozenset(wire.FilesQuery.__struct_fields__))
        after = None if "after" not in given else _file_position(await self._files.get(account, given["after"][0]))
        purpose = given["purpose"][0] if "purpose" in given else None
        page = await self._files.page(account, purpose, Paging(after, _limit(given, FILES_LIMIT), _order(given)))
        data = [wire.file(one) for one in page.items]
        first, last = (data[0].id, data[-1].id) if data else (None, None)
        exchange.respond(200, msgspec.json.encode(wire.WireFiles(data, first, last, page.next is not None)), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One of them."""
        found = await self._files.get(require_key(exchange).account, exchange.parameter)
        exchange.respond(200, msgspec.json.encode(wire.file(found)), JSON)

    async def content(self, exchange: Exchange) -> None:
        """What one holds, sent while it is read."""
        found = await self._files.get(require_key(exchange).account, exchange.parameter)
        exchange.start(200, LINES)
        async for piece in self._files.content(found):
            if not exchange.write(piece.encode()):
                await exchange.drain()
        exchange.finish()

    async def delete(self, exchange: Exchange) -> None:
        """Delete one, with all that it holds."""
        await self._files.delete(require_key(exchange).account, exchange.parameter)
        exchange.respond(200, msgspec.json.encode(wire.WireDeletedFile(exchange.parameter)), JSON)


class BatchRoutes:
    """The batches of the caller's account."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def create(self, exchange: Exchange) -> None:
        """Make a batch of a file; its requests are sent as this key's."""
        body = decode(await exchange.body(), _body)
        expiry = body.output_expires_after
        made = await self._batches.create(
            require_key(exchange),
            body.input_file_id,
            body.endpoint,
            body.metadata or {},
            answers_s=None if expiry is None else expiry.seconds,
        )
        _show(exchange, made)

    async def list(self, exchange: Exchange) -> None:
        """A part of them, the newest first."""
        account = require_key(exchange).account
        given = fields(exchange.query, frozenset(wire.BatchesQuery.__struct_fields__))
        after = None
        if "after" in given:
            last = (await self._batches.get(account, given["after"][0])).batch
            after = Position(last.created_at_ms, last.id)
        page = await self._batches.page(account, Paging(after, _limit(given, BATCHES_LIMIT)))
        data = [wire.batch(one.batch, one.counts) for one in page.items]
        first, last_id = (data[0].id, data[-1].id) if data else (None, None)
        exchange.respond(200, msgspec.json.encode(wire.WireBatches(data, first, last_id, page.next is not None)), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One of them, and how far it is."""
        _show(exchange, await self._batches.get(require_key(exchange).account, exchange.parameter))

    async def cancel(self, exchange: Exchange) -> None:
        """Have one stop; what was answered stays."""
        _show(exchange, await self._batches.cancel(require_key(exchange).account, exchange.parameter))


def _show(exchange: Exchange, kept: Kept) -> None:
    exchange.respond(200, msgspec.json.encode(wire.batch(kept.batch, kept.counts)), JSON)


def _expiry_s(given: dict[str, Field]) -> int | None:
    """How long an uploaded file is to be kept, where the form says so."""
    anchor, seconds = given.get("expires_after[anchor]"), given.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    if anchor is None or anchor.content != b"created_at":
        raise BadRequest("expires_after[anchor]: expected created_at.", param="expires_after[anchor]")
    text = b"" if seconds is None else seconds.content
    if not (text.isdigit() and len(text) <= DIGITS_MAX and EXPIRY_S_MIN <= int(text) <= EXPIRY_S_MAX):
        rule = f"expected {EXPIRY_S_MIN} to {EXPIRY_S_MAX}"
        raise BadRequest(f"expires_after[seconds]: {rule}.", param="expires_after[seconds]")
    return int(text)


def _file_position(file: File) -> Position:
    return Position(file.created_at_ms, file.id)


def _limit(given: Fields, default: int) -> int:
    text = given["limit"][0] if "limit" in given else str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 10_000):
        raise BadRequest("limit: expected 1 to 10000.", param="limit")
    return min(int(text[:9]), LIMIT_MAX)


def _order(given: Fields) -> Order:
    text = given["order"][0] if "order" in given else "desc"
    if text not in ("asc", "desc"):
        raise BadRequest("order: expected desc or asc.", param="order")
    return "asc" if text == "asc" else "desc"
