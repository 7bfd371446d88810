"""The engine's log: bounded on disk, its last lines at hand."""

from __future__ import annotations

from pathlib import Path

from antiphon.engines.embedded.log import LINE_CHARACTERS_MAX, TAIL_LINES, EngineLog


def test_two_files_are_the_most(tmp_path: Path) -> None:
    """A child that writes for ever fills two files of the given size, no more."""
    path = tmp_path / "logs" / "engine.log"
    log = EngineLog(path, size_bytes_max=1000)
    for number in range(200):
        log.write(f"line {number:04}\n".encode() * 5)
    log.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["engine.log", "engine.log.1"]
    assert all(file.stat().st_size <= 1000 for file in path.parent.iterdir())
    assert path.read_text().endswith("line 0199\n")


def test_the_tail_is_of_the_present_child(tmp_path: Path) -> None:
    """The last lines are kept, long ones cut; a new child begins with none."""
    log = EngineLog(tmp_path / "engine.log")
    log.write(b"".join(b"%d\n" % number for number in range(50)) + b"x" * 9000 + b"\n\xff\n")
    assert len(log.tail()) == TAIL_LINES
    assert log.tail()[-2:] == ["x" * LINE_CHARACTERS_MAX, "\N{REPLACEMENT CHARACTER}"]
    log.begin("--- another")
    assert log.tail() == []
    log.close()
    assert (tmp_path / "engine.log").read_bytes().endswith(b"--- another\n")


def test_a_log_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    """Without a place for the file the tail still tells."""
    (tmp_path / "logs").write_text("a file where a folder should be")
    log = EngineLog(tmp_path / "logs" / "engine.log")
    log.write(b"the reason\n")
    log.close()
    assert log.tail()[0] == "the reason"
