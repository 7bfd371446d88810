"""How many connections there may be, by how many files."""

from __future__ import annotations

import resource

import pytest

from antiphon.gateway.open_files import connections_within, raise_limit


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (1_000_000, 16_384),
        (20_000, 20_000 - 128 - 4096),
        (1024, (1024 - 128) // 2),
        (200, (200 - 128) // 2),
        (100, 16),
        (resource.RLIM_INFINITY, 16_384),
    ],
)
def test_files_are_left_for_engines(files: int, expected: int) -> None:
    """One for each request that may be under way, or half of them where that is less."""
    assert connections_within(files, 16_384, 4096) == expected


def test_as_many_as_allowed() -> None:
    """A process may raise its own limit up to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        assert raise_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
