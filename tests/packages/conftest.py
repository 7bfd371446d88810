"""The archives, built once."""

from __future__ import annotations

import pytest

from .archives import Archives, built, tracked


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """As anybody would build them."""
    tree = tracked(tmp_path_factory.mktemp("source"))
    return built(tree, tmp_path_factory.mktemp("archives"))
