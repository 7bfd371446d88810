"""The models that are known by name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

from antiphon.modelfiles.builtin import BUILTINS, installed
from tests.unit.modelfiles.gguf_files import write


@pytest.mark.parametrize("name", BUILTINS)
def test_rows_are_pinned(name: str) -> None:
    """Each is pinned by digest, commit and version, so that no server can change what it is."""
    row = BUILTINS[name]
    assert re.fullmatch(r"[0-9a-f]{64}", row.sha256)
    assert re.fullmatch(r"[0-9a-f]{40}", row.revision)
    assert re.fullmatch(r"[0-9.]+", row.package_version)
    assert row.file.endswith(".gguf")
    assert row.size_bytes > 1_000_000


def test_an_installed_package_is_found_without_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's code, which needs other packages, does not run."""
    row = msgspec.structs.replace(BUILTINS["smollm2:135m"], module="carrier", file="m.gguf")
    assert installed(row) is None
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "carrier" / "__init__.py", b"raise RuntimeError('imported')")
    assert installed(row) is None
    path = write(tmp_path / "carrier" / "m.gguf", b"x")
    assert installed(row) == path
    assert "carrier" not in sys.modules
