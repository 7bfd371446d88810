"""What was acknowledged is stored, whenever the process dies: killed in mid-load, on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.db import Connection
from antiphon.db.open import open_database
from tests.fixtures.databases.notes import NOTES, names

KILLS = 3
ACKNOWLEDGED_MIN = 400


def killed_in_mid_load(url: str) -> Iterator[str]:
    """The names that a writing process acknowledged before it was killed."""
    command = [sys.executable, "-m", "tests.fixtures.databases.writing_child", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, 1):
            if count == ACKNOWLEDGED_MIN:
                process.send_signal(signal.SIGKILL)
            if line.endswith("\n"):
                yield line.strip()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_a_killed_process_loses_nothing(database_kind: str, database_url: str, tmp_path: Path) -> None:
    """Every acknowledged work is there, and every work, acknowledged or not, is there whole or not at all."""
    acknowledged = [name for _ in range(KILLS) for name in killed_in_mid_load(database_url)]
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_MIN
    database = open_database(database_url, data_dir=tmp_path, migrations=(NOTES,))

    def kept(connection: Connection) -> set[str]:
        return set(names(connection))

    stored = await database.read(kept)
    await database.close()
    assert {f"{name}-{half}" for name in acknowledged for half in "ab"} - stored == set()
    assert {name[:-2] + "-b" for name in stored} == {name for name in stored if name.endswith("-b")}
    assert len(stored) == 2 * len({name[:-2] for name in stored})
