"""One gateway with the built-in model, for every example that asks one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .processes import Gateway, gateway


@pytest.fixture(scope="package")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway as `make serve` starts it."""
    with gateway(tmp_path_factory.mktemp("built-in"), []) as found:
        yield found
