"""What is on this machine is found, whole or not at all, and never over the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles import builtin, finding, places
from antiphon.modelfiles.builtin import Builtin
from antiphon.modelfiles.finding import Finder
from antiphon.modelfiles.model import HubAccess, ModelFile, Progress
from antiphon.modelfiles.reference import HubReference, URLReference, parse
from antiphon.modelfiles.store import Store, sidecar
from tests.unit.modelfiles.gguf_files import write

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()
COMMIT = "c" * 40
ROW = Builtin(
    file="tiny.gguf",
    sha256=SHA256,
    size_bytes=len(DATA),
    repo="o/tiny",
    revision=COMMIT,
    package="tiny-carrier",
    package_version="1",
    module="tiny_carrier_of_no_one",
)


class Machine:
    """A folder of models, a cache of the hub's tools, and a finder that looks into both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Progress] = []
        self.store = Store(folder / "models")
        self.access = HubAccess(address="http://nowhere.invalid", cache_dir=folder / "cache")

    def find(self, text: str) -> ModelFile | None:
        """Look for a reference, as after a restart."""
        finder = Finder(Store(self.folder / "models"), self.access, self.told.append)
        return finder.find(parse(text, names=frozenset(builtin.BUILTINS)))

    def put(self, path: Path, data: bytes = DATA) -> Path:
        """A whole download at that place."""
        part = write(path.with_name(path.name + ".part"), data)
        return self.store.put(part, path, hashlib.sha256(data).hexdigest()).path

    def downloaded(self, text: str, name: str, data: bytes = DATA) -> Path:
        """A whole download of a file of this repository."""
        reference = parse(text, names=frozenset())
        assert isinstance(reference, HubReference)
        return self.put(places.of_repository(self.store, reference) / name, data)

    def cached(self, repo: str, name: str, data: bytes = DATA, *, blob: str | None = None) -> Path:
        """A file as the hub's tools keep it."""
        repository = self.folder / "cache" / "hub" / f"models--{repo.replace('/', '--')}"
        kept = write(repository / "blobs" / (blob or hashlib.sha256(data).hexdigest()), data)
        write(repository / "refs" / "main", COMMIT.encode())
        link = repository / "snapshots" / COMMIT / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(kept)
        return link


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any model, that knows the name `tiny`."""
    for module in (builtin, finding):
        monkeypatch.setattr(module, "BUILTINS", {"tiny": ROW})
    return Machine(tmp_path)


def test_a_file_of_the_user_s(machine: Machine) -> None:
    """It is what it is; nothing is there to check it against."""
    path = write(machine.folder / "own.gguf", DATA)
    assert machine.find(str(path)) == ModelFile(path=path, sha256=SHA256, size_bytes=len(DATA))
    assert machine.find(str(machine.folder / "none.gguf")) is None
    assert machine.find(f"{machine.folder}/folder.gguf") is None


def test_a_file_that_cannot_be_read_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no reason to download it."""
    path = write(machine.folder / "own.gguf", DATA)

    def broken(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("antiphon.modelfiles.digest.Digests.of", broken)
    with pytest.raises(ConfigError, match="a model file cannot be read: .*Permission denied"):
        machine.find(str(path))


@pytest.mark.parametrize("where", ["store", "package", "cache"])
def test_a_model_known_by_name(machine: Machine, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place will do, if the file is the one that is meant."""
    if where == "store":
        path = machine.put(machine.store.folder / "builtin" / ROW.file)
    elif where == "cache":
        path = machine.cached(ROW.repo, ROW.file)
    else:
        path = write(machine.folder / "site" / ROW.module / ROW.file, DATA)
        write(path.with_name("__init__.py"), b"raise RuntimeError('imported')")
        monkeypatch.syspath_prepend(str(machine.folder / "site"))
    found = machine.find("tiny")
    assert found is not None
    assert (found.path, found.sha256) == (path, SHA256)


def test_another_file_of_the_same_name(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package or a cache that has other bytes does not have the model."""
    write(machine.folder / "site" / ROW.module / ROW.file, b"other")
    monkeypatch.syspath_prepend(str(machine.folder / "site"))
    machine.cached(ROW.repo, ROW.file, b"other")
    assert machine.find("tiny") is None


@pytest.mark.parametrize("text", ["hf:o/r:Q4_0", "hf:o/r:q4_0", "hf:o/r/m.Q4_0.gguf"])
def test_a_download_is_found_by_name_and_by_quantisation(machine: Machine, text: str) -> None:
    """Of its own revision only."""
    path = machine.downloaded("hf:o/r", "m.Q4_0.gguf")
    found = machine.find(text)
    assert found is not None
    assert found.path == path
    assert machine.find(f"{text}@dev") is None
    assert machine.find("hf:o/r:Q8_0") is None


def test_the_usual_file_is_asked_for_once(machine: Machine) -> None:
    """Which file a bare repository means only the hub can tell, and what it told is kept."""
    path = machine.downloaded("hf:o/r", "m.Q8_0.gguf")
    assert machine.find("hf:o/r") is None
    places.remember_usual(path.parent, path.name)
    machine.downloaded("hf:o/r", "m.Q4_K_M.gguf")
    found = machine.find("hf:o/r")
    assert found is not None
    assert found.path == path


def test_a_download_that_changed_is_none(machine: Machine) -> None:
    """Nor is one whose digest is gone."""
    path = machine.downloaded("hf:o/r", "m.Q4_0.gguf")
    path.write_bytes(b"changed")
    assert machine.find("hf:o/r:Q4_0") is None
    path = machine.downloaded("hf:o/r", "m.Q4_0.gguf")
    sidecar(path).unlink()
    assert machine.find("hf:o/r:Q4_0") is None


def test_all_parts_or_none(machine: Machine) -> None:
    """A model in parts is its first part, when the others are whole beside it."""
    names = [f"m-Q4_0-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
    paths = [machine.downloaded("hf:o/r", name, name.encode()) for name in names]
    for text in ("hf:o/r:Q4_0", f"hf:o/r/{names[0]}"):
        found = machine.find(text)
        assert found is not None
        assert found.path == paths[0]
    paths[1].unlink()
    assert machine.find("hf:o/r:Q4_0") is None
    assert machine.find(f"hf:o/r/{names[0]}") is None


def test_the_cache_of_the_hub_s_tools(machine: Machine) -> None:
    """A file is taken from there if its bytes are what its name promises."""
    path = machine.cached("o/r", "m.Q4_0.gguf")
    found = machine.find("hf:o/r:Q4_0")
    assert found is not None
    assert found.path == path
    machine.cached("o/s", "m.Q4_0.gguf", blob="b" * 64)
    assert machine.find("hf:o/s:Q4_0") is None


def test_a_file_from_the_web(machine: Machine) -> None:
    """It is known by its address."""
    text = "https://a.example/m.gguf"
    assert machine.find(text) is None
    reference = parse(text, names=frozenset())
    assert isinstance(reference, URLReference)
    path = machine.put(places.of_url(machine.store, reference))
    found = machine.find(text)
    assert found is not None
    assert found.path == path
    assert machine.find("https://b.example/m.gguf") is None
