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
from antiphon.modelfiles.digest import Digests
from antiphon.modelfiles.locking import locked
from antiphon.modelfiles.model import Progress, Report
from antiphon.modelfiles.transport import Answer, Refused, Transport, Unreachable, read

CHUNK_BYTES = 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024
SIZE_BYTES_MAX = 2 * 1024**4
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
    """Downloads files into the models folder. `pause` waits between attempts."""

    def __init__(
        self,
        transport: Transport,
        digests: Digests,
        on_progress: Report,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._digests = digests
        self._report = on_progress
        self._pause = pause

    def fetch(self, wanted: Wanted) -> str:
        """The digest of the file, which is at `wanted.path` then.

        ConfigError when it cannot be had; Refused and Unreachable are for the caller, who knows what to advise.
        """
        try:
            wanted.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(_beside(wanted, ".lock"), waiting=lambda: self._wait(wanted), name=wanted.path.name):
                return self._fetch(wanted)
        except OSError as error:
            raise ConfigError(f"{wanted.path} cannot be written: {error.strerror or error}") from error

    def _fetch(self, wanted: Wanted) -> str:
        if wanted.path.exists():  # another process was faster
            return self._digests.of(wanted.path, on_progress=self._report)
        part = _beside(wanted, ".part")
        resumed = part.exists() and part.stat().st_size > 0
        if resumed and wanted.sha256 is None:
            part.unlink()  # nothing could show that both halves are of the same file
            resumed = False
        self._complete(wanted, part)
        sha256 = self._check(wanted, part)
        if sha256 is None and resumed:  # what was there before may have been of another file
            self._complete(wanted, part)
            sha256 = self._check(wanted, part)
        if sha256 is None:
            raise ConfigError(
                f"what {wanted.url} sent is not the file that was asked for: its SHA-256 is not {wanted.sha256}. "
                "It was removed."
            )
        part.replace(wanted.path)
        return self._digests.of(wanted.path, on_progress=self._report)

    def _check(self, wanted: Wanted, part: Path) -> str | None:
        """The digest; None, and the file removed, when it is the wrong one."""
        sha256 = self._digests.of(part, on_progress=self._report)
        if wanted.sha256 is None or sha256 == wanted.sha256:
            return sha256
        part.unlink()
        return None

    def _complete(self, wanted: Wanted, part: Path) -> None:
        """Ask for what is missing until nothing is, as long as new bytes come."""
        attempts = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                self._continue(wanted, part)
            except (Unreachable, Refused) as error:
                if isinstance(error, Refused) and error.status not in PASSING:
                    raise
                attempts = 1 if part.exists() and part.stat().st_size > before else attempts + 1
                if attempts >= ATTEMPTS_MAX or not _has_begun(part):
                    raise
                self._pause(PAUSE_S * 2 ** (attempts - 1))
            else:
                return

    def _continue(self, wanted: Wanted, part: Path) -> None:
        """One request for the bytes from where the part ends."""
        have = part.stat().st_size if part.exists() else 0
        if wanted.size_bytes is not None and have == wanted.size_bytes:
            return
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        try:
            answer = self._transport.get(wanted.url, headers)
        except Refused as error:
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            part.unlink(missing_ok=True)
            raise Unreachable("the server has less than was downloaded before") from None
        with answer, part.open("ab") as file:
            start, total = _span(answer, have)
            file.truncate(start)
            self._append(wanted, answer, file, start=start, total=wanted.size_bytes or total)
            file.flush()
            os.fsync(file.fileno())

    def _append(self, wanted: Wanted, answer: Answer, file: BinaryIO, *, start: int, total: int | None) -> None:
        done = start
        _check_room(wanted.path.parent, (total or 0) - done)
        self._report(Progress(wanted.path.name, done, total))
        while chunk := read(answer, CHUNK_BYTES):
            done += len(chunk)
            if done > (total or SIZE_BYTES_MAX):
                raise ConfigError(f"{wanted.url} sends more than the {total} bytes that it promised")
            file.write(chunk)
            self._report(Progress(wanted.path.name, done, total))
        if total is not None and done < total:
            raise Unreachable(f"the connection broke after {done} of {total} bytes")

    def _wait(self, wanted: Wanted) -> int:
        part = _beside(wanted, ".part")
        done = part.stat().st_size if part.exists() else 0
        self._report(Progress(wanted.path.name, done, wanted.size_bytes, "waiting"))
        return done


def _beside(wanted: Wanted, suffix: str) -> Path:
    return wanted.path.with_name(wanted.path.name + suffix)


def _has_begun(part: Path) -> bool:
    """Whether anything came so far. A server that never answered is given up at once: there may be another source."""
    return part.exists() and part.stat().st_size > 0


def _span(answer: Answer, have: int) -> tuple[int, int | None]:
    """Where in the file the answer begins, and the file's size if told."""
    match = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status == HTTPStatus.PARTIAL_CONTENT:
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
