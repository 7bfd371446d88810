"""Downloads one file: resumed where it broke off, checked by digest, put in place whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from antiphon.errors import ConfigError
from antiphon.modelfiles.digest import sha256_of
from antiphon.modelfiles.gguf import read_metadata
from antiphon.modelfiles.locking import locked
from antiphon.modelfiles.model import ModelFile, Progress, Report
from antiphon.modelfiles.store import Store
from antiphon.modelfiles.transport import Answer, Refused, Transport, Unreachable, read

CHUNK_BYTES = 256 * 1024  # progress is told after each: on a slow line it must not be long until the next
SPARE_BYTES = 64 * 1024 * 1024
SIZE_BYTES_MAX = 2 * 1024**4
VALIDATOR_CHARACTERS_MAX = 256
ATTEMPTS_MAX = 5  # in a row, without a single new byte
PAUSE_S = 0.5
RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class Wanted(Struct, frozen=True, kw_only=True):
    """What to download and where it goes; `sha256` and `size_bytes` are None when nobody has told them."""

    url: str
    path: Path
    sha256: str | None = None
    size_bytes: int | None = None


class Downloader:
    """Downloads files into the store. `pause` waits between attempts, in seconds."""

    def __init__(
        self, transport: Transport, store: Store, on_progress: Report, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._transport = transport
        self._store = store
        self._report = on_progress
        self._pause = pause

    def fetch(self, wanted: Wanted) -> ModelFile:
        """The file, downloaded unless another process was faster.

        ConfigError when what came is not what was wanted, or finds no room. Refused and Unreachable are for the
        caller, who knows what to advise.
        """
        try:
            wanted.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(_beside(wanted, ".lock"), waiting=lambda: self._wait(wanted), name=wanted.path.name):
                return self._store.get(wanted.path, on_progress=self._report) or self._fetch(wanted)
        except OSError as error:
            raise ConfigError(f"{wanted.path} cannot be written: {error.strerror or error}") from error

    def _fetch(self, wanted: Wanted) -> ModelFile:
        part = _beside(wanted, ".part")
        resumed = _size(part) > 0
        self._complete(wanted, part)
        sha256 = self._check(wanted, part)
        if sha256 is None and resumed:  # what was there before may have been of another file
            self._complete(wanted, part)
            sha256 = self._check(wanted, part)
        if sha256 is None:
            raise ConfigError(
                f"what {wanted.url} sent is not the file that was asked for: its SHA-256 is not {wanted.sha256}. "
                "It was removed; try again, or choose another source."
            )
        try:
            read_metadata(part)
        except ConfigError as error:
            remove_part(wanted)
            raise ConfigError(f"what {wanted.url} sent is no GGUF model. It was removed.") from error
        _beside(wanted, ".etag").unlink(missing_ok=True)
        return self._store.put(part, wanted.path, sha256)

    def _check(self, wanted: Wanted, part: Path) -> str | None:
        """The digest; None, and the file removed, when it is the wrong one."""
        sha256 = sha256_of(part, on_progress=self._report)
        if wanted.sha256 is None or sha256 == wanted.sha256:
            return sha256
        remove_part(wanted)
        return None

    def _complete(self, wanted: Wanted, part: Path) -> None:
        """Ask for what is missing until nothing is, as long as new bytes come."""
        attempts = 0
        while True:
            before = _size(part)
            try:
                self._continue(wanted, part)
            except (Unreachable, Refused) as error:
                attempts = 1 if _size(part) > before else attempts + 1
                if attempts >= ATTEMPTS_MAX or not _worth_another(error, part):
                    raise
            else:
                return
            self._pause(PAUSE_S * 2 ** (attempts - 1))

    def _continue(self, wanted: Wanted, part: Path) -> None:
        """One request for the bytes from where the part ends."""
        have = _size(part)
        if have and have == wanted.size_bytes:
            return
        try:
            answer = self._transport.get(wanted.url, self._headers(wanted, part))
        except Refused as error:
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
                raise
            part.unlink(missing_ok=True)  # the file has become shorter, so what is here is of another one
            self._continue(wanted, part)
            return
        with answer, part.open("ab") as file:
            start, total = _span(answer, _size(part))
            file.truncate(start)
            if wanted.sha256 is None:
                _beside(wanted, ".etag").write_text(answer.headers.get("ETag", "")[:VALIDATOR_CHARACTERS_MAX])
            self._append(wanted, answer, file, done=start, total=wanted.size_bytes or total)
            os.fsync(file.fileno())

    def _headers(self, wanted: Wanted, part: Path) -> dict[str, str]:
        """Ask for the rest where something can show that both halves are of one file: its digest, or the validator."""
        headers = {"Accept-Encoding": "identity"}
        if not _size(part):
            return headers
        etag = _beside(wanted, ".etag")
        validator = etag.read_text() if etag.exists() else ""
        if wanted.sha256 is None and not validator.startswith('"'):
            part.unlink()
            return headers
        headers["Range"] = f"bytes={_size(part)}-"
        if wanted.sha256 is None:
            headers["If-Range"] = validator
        return headers

    def _append(self, wanted: Wanted, answer: Answer, file: BinaryIO, *, done: int, total: int | None) -> None:
        _check_room(wanted.path.parent, (total or 0) - done)
        self._report(Progress(wanted.path.name, done, total))
        while chunk := read(answer, CHUNK_BYTES):
            done += len(chunk)
            if done > (total or SIZE_BYTES_MAX):
                file.truncate(0)
                raise ConfigError(f"{wanted.url} sent more than the {total} bytes that it should have; it was removed")
            file.write(chunk)
            self._report(Progress(wanted.path.name, done, total))
        file.flush()
        if total is not None and done < total:
            raise Unreachable(f"the connection broke after {done:,} of {total:,} bytes")

    def _wait(self, wanted: Wanted) -> int:
        done = _size(_beside(wanted, ".part"))
        self._report(Progress(wanted.path.name, done, wanted.size_bytes, "waiting"))
        return done


def remove_part(wanted: Wanted) -> None:
    """Remove what an unfinished download left."""
    _beside(wanted, ".part").unlink(missing_ok=True)
    _beside(wanted, ".etag").unlink(missing_ok=True)


def _beside(wanted: Wanted, suffix: str) -> Path:
    return wanted.path.with_name(wanted.path.name + suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _worth_another(error: Refused | Unreachable, part: Path) -> bool:
    """Whether to ask again. A server that never answered is given up at once: there may be another source."""
    if isinstance(error, Refused):
        return error.status in PASSING
    return part.exists()


def _span(answer: Answer, have: int) -> tuple[int, int | None]:
    """Where in the file the answer begins, and the file's size if told."""
    if answer.status == HTTPStatus.PARTIAL_CONTENT:
        match = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have:
            raise Unreachable("the server sent another part than was asked for")
        return have, None if match[2] == "*" else int(match[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _check_room(folder: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if size_bytes + SPARE_BYTES > free:
        raise ConfigError(
            f"the disk of {folder} has {free // 1024**2:,} MB free and {size_bytes // 1024**2:,} MB are to be "
            "downloaded: make room, or choose another data_dir"
        )
