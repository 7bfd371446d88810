"""SQLite: who may read the file, what is refused at a start, and every way in which a disk fails."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

import tests.fixtures.databases
from antiphon.clock import SystemClock
from antiphon.db import Connection, Database
from antiphon.db.open import open_database
from antiphon.db.session import DAMAGED, Use
from antiphon.db.sqlite import PAGE_BYTES, Limits, SQLiteDriver, SQLiteSession, create
from antiphon.db.threaded import ThreadedDatabase
from antiphon.errors import ConfigError, Unavailable
from tests.fixtures.databases.changes import Changes
from tests.fixtures.databases.notes import NOTES, insert, names, numbers, rewrite
from tests.fixtures.machine import Stopwatch

Sessions = Callable[[Use], SQLiteSession]
CLOCK = SystemClock()
DATABASES = Path(tests.fixtures.databases.__file__).parent
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"


@contextmanager
def other_process(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection to the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def move(path: Path, to: Path) -> None:
    """Give a file another name."""
    path.rename(to)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_may_read(sqlite_path: Path) -> None:
    """The file, its log and its index have mode 0600, also when somebody had opened the file to others."""
    sqlite_path.chmod(0o644)
    create(sqlite_path)
    session = SQLiteDriver(sqlite_path, clock=CLOCK).connect(Use.WRITE)
    session.run("INSERT INTO notes (name, text) VALUES ('a', 'b')")
    files = [sqlite_path, sqlite_path.with_name("notes.db-wal"), sqlite_path.with_name("notes.db-shm")]
    assert [mode(path) for path in files] == [0o600] * 3
    session.close()


@pytest.mark.parametrize("use", list(Use))
def test_commits_reach_the_disk(sqlite_session: Sessions, use: Use) -> None:
    """Every connection has a write-ahead log, syncs it fully, and holds foreign keys."""
    session = sqlite_session(use)
    found = [session.one(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert found == [("wal",), (2,), (1,)]


@pytest.mark.parametrize("content", [b"SELECT 1;\n" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """By name, before anything is written to it."""
    path = tmp_path / "antiphon.db"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=str(path)):
        open_database(None, data_dir=tmp_path)
    assert path.read_bytes() == content


def fill(path: Path) -> None:
    """Rows of many pages."""
    with other_process(path) as connection:
        connection.executemany("INSERT INTO notes VALUES (?, ?, 1)", [(str(i), "x" * 500) for i in range(200)])


def flip(path: Path, page: int) -> None:
    """The header of one page turns into nonsense."""
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES * page)
        file.write(b"\xff" * 8)


def halve(path: Path) -> None:
    """The second half of the file is gone."""
    os.truncate(path, path.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)


@pytest.mark.parametrize(
    "damage", [partial(flip, page=1), partial(flip, page=5), halve, lambda path: path.write_bytes(b"\xff" * 65536)]
)
def test_a_damaged_file_is_refused(sqlite_path: Path, damage: Callable[[Path], object]) -> None:
    """At the start, whatever is wrong with it: the message says which file to replace, and nothing is written."""
    fill(sqlite_path)
    damage(sqlite_path)
    before = sqlite_path.read_bytes()
    with pytest.raises(ConfigError, match=f"{sqlite_path} is damaged .* put a backup in its place") as caught:
        open_database(f"sqlite:///{sqlite_path}", data_dir=sqlite_path.parent, migrations=(NOTES,))
    assert caught.value.code == DAMAGED
    assert sqlite_path.read_bytes() == before


async def test_damage_ends_everything_until_a_start(impatient: Database, changes: Changes, sqlite_path: Path) -> None:
    """What reads finds it, then no write is taken either, though its page may be sound; each is told once, with why."""
    await asyncio.to_thread(fill, sqlite_path)
    await asyncio.to_thread(checkpoint, sqlite_path)
    for page in range(3, 12):
        await asyncio.to_thread(flip, sqlite_path, page)
    with pytest.raises(Unavailable, match="The database is damaged"):
        await impatient.read(lambda connection: connection.all("SELECT text FROM notes"))
    for _ in range(3):
        with pytest.raises(Unavailable, match="The database is damaged"):
            await impatient.write(partial(insert, name="b"))
    assert not impatient.healthy
    assert len(changes.reasons) == 2
    assert all("put a backup in its place" in reason for reason in changes.reasons)


def checkpoint(path: Path) -> None:
    """All that the log holds moves into the file."""
    with other_process(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """With the system's own words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/antiphon\.db cannot be used: .+"):
        open_database(None, data_dir=tmp_path / "file")


def test_an_old_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems have a new Python over an old SQLite."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
    with pytest.raises(ConfigError, match=r"SQLite 3\.35 or newer is needed"):
        open_database(None, data_dir=tmp_path)


@pytest.fixture
def changes() -> Changes:
    """What `impatient` says of itself."""
    return Changes()


@pytest_asyncio.fixture
async def impatient(sqlite_path: Path, changes: Changes) -> AsyncIterator[Database]:
    """A database that waits a fifth of a second, in place of seconds."""
    driver = SQLiteDriver(sqlite_path, clock=CLOCK, limits=Limits(lock_s=0.2, statement_s=0.2))
    database = ThreadedDatabase(driver, clock=CLOCK, on_change=changes.note)
    yield database
    await database.close()


async def test_a_lock_of_others_is_waited_for_in_a_thread(
    impatient: Database, changes: Changes, sqlite_path: Path
) -> None:
    """The loop goes on, reads are served, the write is answered 503, and all is well when the lock is gone."""
    with other_process(sqlite_path) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        writing = asyncio.create_task(impatient.write(partial(insert, name="a")))
        assert await impatient.read(names) == []
        with pytest.raises(Unavailable) as caught:
            await writing
        assert caught.value.retry_after_s == 2
        assert not impatient.healthy
        watch = Stopwatch()
        with pytest.raises(Unavailable):
            await impatient.write(partial(insert, name="b"))
        assert watch.fair_s < 0.1, "while the lock is held, others are refused at once"
        connection.execute("ROLLBACK")
    await changes.back("writes")
    assert await impatient.write(partial(insert, name="c")) == "c"
    assert await impatient.read(names) == ["c"]
    assert impatient.healthy
    assert changes.reasons == [f"{sqlite_path}: database is locked (SQLITE_BUSY)"]


async def test_a_statement_without_end_is_ended(impatient: Database) -> None:
    """Its caller is told, and others are served as before."""
    for serve in (impatient.read, impatient.write):
        with pytest.raises(Unavailable, match="too long"):
            await serve(lambda connection: connection.all(ENDLESS))
        assert impatient.healthy
        assert await serve(names) == []


async def test_a_full_database_still_reads(impatient: Database, changes: Changes, sqlite_path: Path) -> None:
    """What does not fit is answered 503, what is stored is there, and writes come back with the space."""

    def fill(connection: Connection) -> None:
        connection.all("PRAGMA max_page_count = 20")
        for number in range(100):
            insert(connection, f"a{number}", text="x" * 4096)

    await impatient.write(partial(insert, name="a"))
    with pytest.raises(Unavailable):
        await impatient.write(fill)
    assert await impatient.read(names) == ["a"]
    await changes.back("writes")
    assert await impatient.write(partial(insert, name="b")) == "b"
    assert await impatient.read(names) == ["a", "b"]
    assert changes.reasons == [f"{sqlite_path}: database or disk is full (SQLITE_FULL)"]


@contextmanager
def file_size_limit(path: Path) -> Iterator[None]:
    """Let the system refuse to make any file larger than this one is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_an_error_of_the_disk(impatient: Database, changes: Changes, sqlite_path: Path) -> None:
    """A commit that the system cuts short may be in the log all the same: its caller is told that it is not known."""
    await impatient.write(partial(insert, name="a"))
    for letter in "xyz":  # the log holds all three, the file will hold the last
        await impatient.write(partial(rewrite, text=letter * 100_000))
    assert await impatient.read(names) == ["a"]
    with file_size_limit(sqlite_path.with_name("notes.db-wal")):
        with pytest.raises(Unavailable) as caught:
            await impatient.write(partial(insert, name="b"))
        assert caught.value.code == "write_unconfirmed"
        assert await impatient.read(names) == ["a"]
        # The log is emptied into the file, so there is room in it again.
        await changes.back("writes")
        assert await impatient.write(partial(insert, name="c")) == "c"
    assert await impatient.read(names) == ["a", "c"]
    assert changes.reasons == [f"{sqlite_path}: disk I/O error (SQLITE_IOERR_WRITE)"]


async def test_a_file_that_is_taken_away(impatient: Database, changes: Changes, sqlite_path: Path) -> None:
    """Nothing is written into a file that has no name any more; when it is back, so are writes."""
    await impatient.write(partial(insert, name="before"))
    aside = sqlite_path.with_name("aside.db")
    move(sqlite_path, aside)
    with pytest.raises(Unavailable):
        await impatient.write(partial(insert, name="a"))
    move(aside, sqlite_path)
    await changes.back("writes")
    assert await impatient.write(partial(insert, name="b")) == "b"
    assert await impatient.read(names) == ["b", "before"]
    assert changes.reasons == [f"{sqlite_path} was moved or removed"]


@pytest.fixture(scope="session")
def failing_sync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that lets `fsync` fail in the process that it is loaded into."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("library") / "failing_sync.so"
    source = DATABASES / "failing_sync.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def test_nothing_is_trusted_after_a_failed_sync(failing_sync: Path, sqlite_path: Path) -> None:
    """While syncs fail, writes are refused and reads served; a row whose sync failed is never acknowledged."""
    environment = {
        **os.environ,
        "LD_PRELOAD": str(failing_sync),
        "FAILING_SYNC": str(sqlite_path.with_name("failing")),
    }
    command = [sys.executable, "-m", "tests.fixtures.databases.syncing_child", f"sqlite:///{sqlite_path}"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=60)
    told = json.loads(done.stdout)
    assert told["outcomes"] == ["before", "write_unconfirmed", "unavailable", "after"]
    # The log holds the row whole, so whoever opens the file finds it; whether it is on the disk is another matter.
    assert set(told["meanwhile"]) - {"lost"} == {"before"}
    assert set(told["stored"]) - {"lost"} == {"before", "after"}
    assert told["reasons"] == [f"{sqlite_path}: disk I/O error (SQLITE_IOERR_FSYNC)"]
    with other_process(sqlite_path) as connection:
        assert [name for (name,) in connection.execute("SELECT name FROM notes ORDER BY name")] == told["stored"]


async def test_a_backup_taken_meanwhile_is_whole(impatient: Database, sqlite_path: Path) -> None:
    """`VACUUM INTO` while rows come in pairs: the copy has as many of one half as of the other, and opens."""

    def insert_pair(connection: Connection, name: str) -> None:
        insert(connection, f"{name}-a", number=0)
        insert(connection, f"{name}-b", number=1)

    async def store_for_ever(caller: int) -> None:
        for count in itertools.count():
            await impatient.write(partial(insert_pair, name=f"{caller}-{count}"))

    def copy() -> None:
        with other_process(sqlite_path) as connection:
            connection.execute("VACUUM INTO ?", (str(sqlite_path.with_name("copy.db")),))

    callers = [asyncio.create_task(store_for_ever(caller)) for caller in range(8)]
    await asyncio.to_thread(copy)
    for task in callers:
        task.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    restored = open_database(f"sqlite:///{sqlite_path.with_name('copy.db')}", data_dir=sqlite_path, migrations=[NOTES])
    found = await restored.read(numbers)
    await restored.close()
    assert found.count(0) == found.count(1) == len(found) / 2
