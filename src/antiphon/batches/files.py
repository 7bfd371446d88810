"""Files of accounts: uploaded, read in pieces, deleted, and forgotten when their time is up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from msgspec.structs import replace

from antiphon.batches import file_store, store
from antiphon.batches.lines import pieces
from antiphon.batches.model import WINDOW_S, File
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import BadRequest, BodyTooLarge, NotFound
from antiphon.ids import Ids
from antiphon.interactions import turns
from antiphon.interactions.paging import Page, Paging
from antiphon.projects.resolve import shown

DAY_MS = 86_400_000
PURPOSE = "batch"
NOBODY = ""  # whose a file is until all of it is there; it expires like any other
NAME_CHARACTERS_MAX = 256
PIECES_TOGETHER = 16  # in one transaction
SWEEP_MS = 60_000


class Files:
    """Files by (account, id), kept for `keep_days`."""

    def __init__(self, database: Database, *, size_bytes_max: int, keep_days: int, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._size_bytes_max = size_bytes_max
        self._keep_ms = keep_days * DAY_MS
        self._clock = clock
        self._ids = ids

    async def add(self, account: str, name: str, content: bytes, *, expires_s: int | None = None) -> File:
        """Keep a file of requests for so long, or as long as any; a batch of it will look at what it holds."""
        if len(content) > self._size_bytes_max:
            raise BodyTooLarge(f"file: expected at most {self._size_bytes_max} bytes.")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise BadRequest("file: expected lines of JSON in UTF-8.", param="file") from None
        if "\0" in text or not text.strip():
            raise BadRequest("file: expected lines of JSON.", param="file")
        now_ms = int(self._clock.now() * 1000)
        file = File(
            id=self._ids.make("file-"),
            account=account,
            purpose=PURPOSE,
            name=name[:NAME_CHARACTERS_MAX].replace("\0", ""),
            size_bytes=len(content),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + kept_ms(self._keep_ms, expires_s),
        )
        await self._keep(file, list(pieces(text)))
        return file

    async def _keep(self, file: File, parts: list[str]) -> None:
        """Some pieces at a time; the file is there when all of them are."""
        await self._database.write(partial(file_store.insert, file=replace(file, account=NOBODY)))
        for first in range(0, len(parts), PIECES_TOGETHER):
            some = parts[first : first + PIECES_TOGETHER]
            await self._database.write(partial(file_store.append, file_id=file.id, first=first, pieces=some))
        await self._database.write(lambda connection: file_store.give(connection, file.id, file.account))

    async def get(self, account: str, file_id: str) -> File:
        """The file; NotFound says the same whether there is none or it is somebody else's."""
        found = await self._database.read(lambda connection: file_store.get(connection, account, file_id))
        if found is None:
            raise missing(file_id)
        return found

    async def page(self, account: str, purpose: str | None, paging: Paging) -> Page[File]:
        """A part of the account's files."""
        return await self._database.read(lambda connection: file_store.page(connection, account, purpose, paging))

    async def delete(self, account: str, file_id: str) -> None:
        """Delete a file, and the answers that it is made of; NotFound as for `get`."""
        if not await self._database.write(lambda connection: file_store.delete(connection, account, file_id)):
            raise missing(file_id)

    async def content(self, file: File) -> AsyncIterator[str]:
        """What it holds, in pieces of whole lines."""
        if file.batch_id is None:
            async for piece in self.uploaded(file.id):
                yield piece
            return
        after = -1
        while rows := await self._database.read(partial(file_store.answers, file=file, after=after)):
            yield "".join(f"{content}\n" for _, content in rows)
            after = rows[-1][0]

    async def uploaded(self, file_id: str) -> AsyncIterator[str]:
        """The pieces of a file of requests, whoever's it is."""
        number = 0
        while True:
            piece = await self._database.read(partial(file_store.piece, file_id=file_id, number=number))
            if piece is None:
                return
            yield piece
            number += 1

    async def sweep(self) -> int:
        """Delete files and batches whose time is up, unless another gateway does; how many files those were."""
        now_ms = int(self._clock.now() * 1000)
        if not await self._database.write(
            lambda connection: turns.take(connection, "files", now_ms=now_ms, for_ms=SWEEP_MS)
        ):
            return 0
        await self._database.write(
            lambda connection: store.forget(connection, now_ms - self._keep_ms - WINDOW_S * 1000)
        )
        swept = 0
        while await self._database.write(lambda connection: file_store.delete_expired(connection, now_ms)):
            swept += 1
        return swept


def kept_ms(most_ms: int, asked_s: int | None) -> int:
    """How long a file is kept: as is asked for, but not longer than any."""
    return most_ms if asked_s is None else min(most_ms, asked_s * 1000)


def missing(file_id: str, param: str = "file_id") -> NotFound:
    """The refusal of a file id that the caller cannot mean."""
    return NotFound(f"The file {shown(file_id)} does not exist.", param=param, code="file_not_found")
