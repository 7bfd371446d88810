"""One answer while it comes about, for all who asked for it: each gets everything from its beginning.

An answer that grows beyond its bound is given to those who wait for it, and not kept: from then on it holds only what
they have not read yet, and nobody else can join.
"""

from __future__ import annotations

import asyncio

from antiphon.errors import AntiphonError
from antiphon.http.exchange import ClientGone, Header

BEHIND_BYTES_MAX = 256 * 1024  # of an answer that is not kept; beyond it the generation waits for its readers


class Room:
    """The memory that all answers under way have together."""

    def __init__(self, bytes_max: int) -> None:
        self._free = bytes_max

    def take(self, size: int) -> bool:
        """Whether there was room for so much more; it is taken now."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def give_back(self, size: int) -> None:
        """Let others have it."""
        self._free += size


class Reader:
    """Who reads an answer, and how far they are."""

    __slots__ = ("place",)

    def __init__(self) -> None:
        self.place = 0


class Answer:
    """Pieces of a body under a status and headers, up to an end or a failure."""

    def __init__(self, *, bytes_max: int, room: Room) -> None:
        self.status = 0  # 0 until it has begun
        self.headers: tuple[Header, ...] = ()
        self.replayed = False  # it was given before
        self.kept = True
        self.ended = False
        self.failure: AntiphonError | None = None
        self._bytes_max = bytes_max
        self._room = room
        self._taken = 0
        self._pieces: list[bytes] = []
        self._dropped = 0  # pieces that were there before the first that is
        self._size = 0  # of the pieces that are there
        self._readers: set[Reader] = set()
        self._changed = asyncio.Event()

    @property
    def body(self) -> bytes:
        """All of it so far, while it is kept."""
        return b"".join(self._pieces)

    def begin(self, status: int, headers: tuple[Header, ...]) -> None:
        """The head is known."""
        self.status = status
        self.headers = headers
        self._tell()

    def add(self, piece: bytes) -> bool:
        """One more piece; False when whoever makes them should `drain` first."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self.kept and not self._holds(len(piece)):
            self._let_go()
        self._tell()
        if self.kept:
            return True
        self._trim()
        return bool(self._readers) and self._size <= BEHIND_BYTES_MAX

    async def drain(self) -> None:
        """Wait until its readers are near its end; ClientGone when there is nobody any more whom it could serve."""
        while not self.kept:
            if not self._readers:
                raise ClientGone
            if self._size <= BEHIND_BYTES_MAX:
                return
            await self._changed.wait()

    def fits(self, piece: bytes) -> bool:
        """Whether it is kept with this as its last piece."""
        return self.kept and self._size + len(piece) <= self._bytes_max

    def end(self, piece: bytes = b"", failure: AntiphonError | None = None) -> None:
        """The last piece, or why there is none."""
        if piece:
            self._pieces.append(piece)
        self.failure = failure
        self.ended = True
        self._tell()

    def close(self) -> None:
        """Give its room back: from now on only those who read it hold it."""
        self._room.give_back(self._taken)
        self._taken = 0

    def join(self) -> Reader:
        """Begin to read, at its beginning."""
        reader = Reader()
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """Read no further."""
        self._readers.discard(reader)
        self._trim()
        self._tell()

    def read(self, reader: Reader) -> bytes:
        """What has come since that reader read last."""
        fresh = self._pieces[reader.place - self._dropped :]
        if not fresh:
            return b""
        reader.place += len(fresh)
        if not self.kept:
            self._trim()
            self._tell()
        return fresh[0] if len(fresh) == 1 else b"".join(fresh)

    async def change(self) -> None:
        """Wait for whatever comes next."""
        await self._changed.wait()

    def _holds(self, size: int) -> bool:
        if self._size > self._bytes_max or not self._room.take(size):
            return False
        self._taken += size
        return True

    def _let_go(self) -> None:
        self.kept = False
        self.close()

    def _trim(self) -> None:
        """Of an answer that is not kept, let go of what everybody has read."""
        if self.kept:
            return
        end = self._dropped + len(self._pieces)
        read = min((reader.place for reader in self._readers), default=end) - self._dropped
        self._size -= sum(map(len, self._pieces[:read]))
        self._dropped += read
        del self._pieces[:read]

    def _tell(self) -> None:
        self._changed.set()
        self._changed.clear()
