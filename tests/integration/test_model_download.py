"""Model files come whole from real servers: resumed after a cut, checked by digest, never half, tokens kept at home."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles import HubAccess, ModelFile, Progress, download, resolve, transport
from tests.integration.hub_server import REPO, Hub, serving
from tests.integration.model_getter import DIGEST, FILE, MODEL, OTHER, SIZE_BYTES, Getter
from tests.unit.modelfiles import gguf_files


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once, and proxies of this machine stay out of it."""
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def getter(tmp_path: Path) -> Iterator[Getter]:
    """Gets from a hub with one model into a fresh folder."""
    with serving(Hub(files={FILE: MODEL})) as hub:
        yield Getter(hub, tmp_path)


@pytest.mark.parametrize(
    "reference", [f"hf:{REPO}:q4_k_m", f"hf:{REPO}/{FILE}", f"hf:{REPO}", f"hf:{REPO}/{FILE}@main"]
)
def test_a_file_of_the_hub(getter: Getter, reference: str) -> None:
    """By quantisation, by name or as the usual one; the second time it is here and nobody is asked."""
    assert getter.find(reference) is None
    found = getter.get(reference)
    assert found.path.read_bytes() == MODEL
    assert (found.sha256, found.size_bytes) == (DIGEST, SIZE_BYTES)
    assert getter.told[0] == Progress(FILE, 0, SIZE_BYTES)
    assert Progress(FILE, SIZE_BYTES, SIZE_BYTES) in getter.told
    assert getter.left_overs() == []
    asked = len(getter.hub.requests)
    assert getter.get(reference) == getter.find(reference) == found
    assert len(getter.hub.requests) == asked


def test_a_cut_download_goes_on(getter: Getter) -> None:
    """After each cut only the rest is asked for, as long as something comes."""
    getter.hub.cut_after = [100_000, 1_000_000, 500_000]
    assert getter.get().sha256 == DIGEST
    asked = [headers.get("range") for headers in getter.hub.asked("/storage/")]
    assert asked == [None, "bytes=100000-", "bytes=1100000-", "bytes=1600000-"]
    done = [told.done_bytes for told in getter.told if told.step == "downloading"]
    assert done == sorted(done)


def test_an_interrupted_download_goes_on_in_the_next_run(getter: Getter) -> None:
    """What one run left, ended by an exception out of its progress, the next one uses."""

    def impatient(progress: Progress) -> None:
        if progress.done_bytes > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resolve(f"hf:{REPO}:Q4_K_M", data_dir=getter.folder, on_progress=impatient, hub=getter.access())
    assert getter.left_overs() != []
    assert getter.find() is None
    assert getter.get().sha256 == DIGEST
    assert getter.hub.asked("/storage/")[-1]["range"].startswith("bytes=")
    assert getter.left_overs() == []


def test_a_server_without_ranges(getter: Getter) -> None:
    """Where the whole comes although a rest was asked for, the beginning is overwritten, not doubled."""
    getter.hub.ranges, getter.hub.cut_after = False, [2_000_000]
    assert getter.get().sha256 == DIGEST


def test_a_beginning_of_another_file_is_dropped(getter: Getter) -> None:
    """A rest that does not fit what was left before leads to one whole download."""
    part = getter.folder / "models" / "hub" / REPO / "main" / f"{FILE}.part"
    gguf_files.write(part, OTHER[:1_000_000])
    assert getter.get().sha256 == DIGEST
    assert [headers.get("range") for headers in getter.hub.asked("/storage/")] == ["bytes=1000000-", None]


def test_too_long_a_beginning_is_dropped(getter: Getter) -> None:
    """The server cannot give what lies beyond the end."""
    part = getter.folder / "models" / "hub" / REPO / "main" / f"{FILE}.part"
    gguf_files.write(part, MODEL + b"more")
    assert getter.get().sha256 == DIGEST


def test_a_wrong_digest_is_refused(getter: Getter) -> None:
    """What is not the file that the hub promised does not stay, and the sentence says so."""
    getter.hub.digests[FILE] = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(ConfigError, match=r"is not the file that was asked for: its SHA-256 is not .* It was removed"):
        getter.get()
    assert getter.find() is None
    assert getter.left_overs() == []
    assert not list(getter.folder.rglob("*.gguf"))


def test_passing_failures_are_tried_again(getter: Getter) -> None:
    """A 503 and a 429 before the file cost nothing but time."""
    getter.hub.failures = [503, 429]
    assert getter.get().sha256 == DIGEST


def test_lasting_failures_are_told(getter: Getter) -> None:
    """After five answers in a row without a byte it is given up."""
    getter.hub.failures = [503] * 20
    with pytest.raises(ConfigError, match=r"the model hub failed for .* \(status 503\): try again later"):
        getter.get()
    assert len(getter.hub.asked("/storage/")) == 5


def test_the_token_goes_to_the_hub_only(getter: Getter) -> None:
    """The hub gets it, the storage that it redirects to does not."""
    getter.hub.token = "hf_secret"
    with pytest.raises(ConfigError, match=r"status 401\)\. If it is not public, set HF_TOKEN"):
        getter.get()
    assert getter.get(token="hf_secret").sha256 == DIGEST
    assert all(headers["authorization"] == "Bearer hf_secret" for headers in getter.hub.asked("/resolve/"))
    assert all("authorization" not in headers for headers in getter.hub.asked("/storage/"))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("hf:owner/none:Q4_0", r"has no the repository owner/none at main for us \(status 404\)"),
        (f"hf:{REPO}/none.gguf", f"has no none.gguf; it has {FILE}"),
        (f"hf:{REPO}:Q8_0", "has no Q8_0: choose one of Q4_K_M"),
    ],
)
def test_what_the_hub_does_not_have(getter: Getter, reference: str, words: str) -> None:
    """The sentence says what there is instead."""
    with pytest.raises(ConfigError, match=words):
        getter.get(reference)


def test_a_hub_that_is_none(getter: Getter) -> None:
    """Neither a closed port nor another kind of server is mistaken for a hub."""
    closed = HubAccess(address="http://127.0.0.1:9", cache_dir=getter.folder)
    with pytest.raises(ConfigError, match=r"the model hub http://127\.0\.0\.1:9 cannot be reached: Connection refused"):
        resolve(f"hf:{REPO}:Q4_0", data_dir=getter.folder, hub=closed)
    getter.hub.files = {}
    with pytest.raises(ConfigError, match="has no GGUF model"):
        getter.get()


def test_all_parts_of_a_split_model(getter: Getter) -> None:
    """The first part is returned, the others lie beside it; without one of them the model is not here."""
    names = [f"big-Q8_0-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
    getter.hub.files = {name: gguf_files.model(5000, name=name) for name in names}
    found = getter.get(f"hf:{REPO}:Q8_0")
    assert found.path.name == names[0]
    assert [found.path.with_name(name).read_bytes() for name in names] == list(getter.hub.files.values())
    assert getter.find(f"hf:{REPO}:Q8_0") == found
    found.path.with_name(names[2]).unlink()
    assert getter.find(f"hf:{REPO}:Q8_0") is None
    assert getter.get(f"hf:{REPO}:Q8_0") == found


def test_the_usual_file_stays_the_same(getter: Getter) -> None:
    """A repository that gains a file does not change what a reference means here."""
    getter.hub.files = {"m.Q8_0.gguf": MODEL, "m.Q2_K.gguf": OTHER}
    assert getter.get(f"hf:{REPO}").path.name == "m.Q8_0.gguf"
    getter.hub.files["m.Q4_K_M.gguf"] = OTHER
    assert getter.get(f"hf:{REPO}").path.name == "m.Q8_0.gguf"


def test_a_file_from_the_web(getter: Getter) -> None:
    """With a digest in the reference it is checked by that, without one by its form."""
    url = f"{getter.hub.storage}/storage/{FILE}"
    assert getter.get(f"{url}#sha256={DIGEST}").path.read_bytes() == MODEL
    getter.hub.files[FILE] = OTHER
    with pytest.raises(ConfigError, match="is not the file that was asked for"):
        getter.get(f"{url}?v=2#sha256={DIGEST}")
    assert getter.get(f"{url}?v=3").path.read_bytes() == OTHER
    getter.hub.files[FILE] = b"<!doctype html>"
    with pytest.raises(ConfigError, match="is no GGUF model"):
        getter.get(f"{url}?v=4")
    del getter.hub.files[FILE]
    with pytest.raises(ConfigError, match="cannot be had: the server answers 404"):
        getter.get(f"{url}?v=5")
    assert getter.left_overs() == []


@pytest.mark.parametrize(
    ("etag", "changed", "ranges"),
    [
        ('"v1"', False, [None, "bytes=1000000-"]),
        (None, False, [None, None]),  # nothing shows that the rest is of the same file
        ('W/"v1"', False, [None, None]),
        ('"v1"', True, [None, "bytes=1000000-"]),
    ],
)
def test_a_cut_without_a_known_digest(
    getter: Getter, etag: str | None, changed: bool, ranges: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's validator decides whether the rest is asked for, and a file that changed meanwhile comes whole."""
    getter.hub.etag, getter.hub.cut_after = etag, [1_000_000]
    if changed:
        replaced = iter([1])

        def answered(answer: transport.Answer, size_bytes: int) -> bytes:
            data = transport.read(answer, size_bytes)
            if not data and next(replaced, None):
                getter.hub.files[FILE], getter.hub.etag = OTHER, '"v2"'
            return data

        monkeypatch.setattr(download, "read", answered)
    found = getter.get(f"{getter.hub.storage}/storage/{FILE}")
    assert found.path.read_bytes() == (OTHER if changed else MODEL)
    assert [headers.get("range") for headers in getter.hub.asked("/storage/")] == ranges


def test_a_file_of_unknown_length(getter: Getter) -> None:
    """A server that does not tell the size is believed when the digest agrees."""
    getter.hub.lengths = False
    found = getter.get(f"{getter.hub.storage}/storage/{FILE}#sha256={DIGEST}")
    assert found.size_bytes == SIZE_BYTES
    assert Progress(FILE, SIZE_BYTES, None) in getter.told


def test_more_than_promised_is_not_written(getter: Getter) -> None:
    """A server that sends on and on fills no disk."""
    getter.hub.extra = b"x" * 1_000_000
    with pytest.raises(ConfigError, match=f"sent more than the {SIZE_BYTES} bytes that it should have"):
        getter.get()
    assert all(path.stat().st_size == 0 for path in getter.folder.rglob("*.part"))


def test_a_full_disk_is_told_before(getter: Getter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded that would not fit; the sentence says how much is missing."""
    monkeypatch.setattr(download, "SPARE_BYTES", 2**60)
    with pytest.raises(ConfigError, match=r"MB free and 2 MB are to be downloaded: make room"):
        getter.get()


def test_a_redirect_that_leads_nowhere(getter: Getter) -> None:
    """A loop of redirects ends, and other schemes are not followed."""
    for target in (f"{getter.hub.address}/{REPO}/resolve/main/{FILE}#", "file:///etc/hostname#", "ftp://127.0.0.1/#"):
        getter.hub.storage = target
        with pytest.raises(ConfigError, match="failed for"):
            getter.get()


def test_two_at_once_download_once(getter: Getter) -> None:
    """The second waits, tells so, and takes what the first brought."""
    arrived, go_on = threading.Event(), threading.Event()
    found: list[ModelFile] = []

    def slowly(progress: Progress) -> None:
        if progress.done_bytes:
            arrived.set()
            assert go_on.wait(10)

    def first() -> None:
        found.append(resolve(f"hf:{REPO}:Q4_K_M", data_dir=getter.folder, on_progress=slowly, hub=getter.access()))

    def second(progress: Progress) -> None:
        getter.told.append(progress)
        go_on.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert arrived.wait(10)
    found.append(resolve(f"hf:{REPO}:Q4_K_M", data_dir=getter.folder, on_progress=second, hub=getter.access()))
    thread.join(10)
    assert found[0] == found[1]
    assert getter.told[0].step == "waiting"
    assert len(getter.hub.asked("/storage/")) == 1


def test_the_hubs_own_cache_is_used(getter: Getter, tmp_path: Path) -> None:
    """A file that the hub's tools have downloaded already is taken from there, unless its bytes are wrong."""
    repository = tmp_path / "home" / "hub" / "models--owner--repo"
    blob = gguf_files.write(repository / "blobs" / DIGEST, MODEL)
    gguf_files.write(repository / "refs" / "main", b"c" * 40)
    link = repository / "snapshots" / ("c" * 40) / FILE
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    access = HubAccess(address=getter.hub.address, cache_dir=tmp_path / "home")
    for reference in (f"hf:{REPO}:Q4_K_M", f"hf:{REPO}/{FILE}"):
        assert resolve(reference, data_dir=getter.folder, hub=access).path == link
    assert getter.hub.requests == []
    blob.write_bytes(OTHER)
    assert resolve(f"hf:{REPO}:Q4_K_M", data_dir=getter.folder, hub=access).path.read_bytes() == MODEL


def test_a_users_own_file(getter: Getter) -> None:
    """It is taken where it lies; one that is not there is told."""
    path = gguf_files.write(getter.folder / "own.gguf", MODEL)
    assert getter.get(str(path)) == ModelFile(path=path, sha256=DIGEST, size_bytes=SIZE_BYTES)
    with pytest.raises(ConfigError, match=r"there is no model file .*none\.gguf"):
        getter.get(str(getter.folder / "none.gguf"))
