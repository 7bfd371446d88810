"""Sockets of children: private, never used twice, swept when a gateway was killed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from antiphon.engines.embedded.sockets import PATH_BYTES_MAX, fresh_socket, remove_socket, socket_folder
from antiphon.errors import ConfigError


def test_the_folder_is_ours_alone(tmp_path: Path) -> None:
    """Nobody else may enter it, even if it was open before."""
    (tmp_path / "run").mkdir(mode=0o777)
    assert socket_folder(tmp_path).stat().st_mode & 0o777 == 0o700


def test_a_long_path_gets_another_folder(tmp_path: Path) -> None:
    """A socket's path has little room: a deep data folder must not stop the engine."""
    deep = tmp_path / ("d" * 120)
    folder = socket_folder(deep)
    assert not folder.is_relative_to(deep)
    assert len(fresh_socket(folder)) <= PATH_BYTES_MAX
    folder.rmdir()


def test_names_differ(tmp_path: Path) -> None:
    """Two children never share a socket."""
    assert len({fresh_socket(tmp_path) for _ in range(100)}) == 100


def test_only_dead_sockets_are_swept(tmp_path: Path) -> None:
    """A socket on which somebody listens stays; one that a killed process left goes."""
    folder = socket_folder(tmp_path)
    alive, dead = Path(fresh_socket(folder)), Path(fresh_socket(folder))
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as closed:
        listening.bind(str(alive))
        listening.listen()
        closed.bind(str(dead))
        socket_folder(tmp_path)
        assert (alive.exists(), dead.exists()) == (True, False)


def test_removing_twice_is_no_error(tmp_path: Path) -> None:
    """A child may have removed its socket already."""
    path = tmp_path / "x.sock"
    path.touch()
    remove_socket(str(path))
    remove_socket(str(path))
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The sentence names the folder."""
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(ConfigError, match="run for the engine's socket cannot be made"):
        socket_folder(tmp_path)
