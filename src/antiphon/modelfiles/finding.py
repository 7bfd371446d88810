"""Looks for model files on this machine: our own folder, an installed package, the hub's cache. Never the network."""

from __future__ import annotations

from pathlib import Path

from antiphon.errors import ConfigError
from antiphon.modelfiles import places
from antiphon.modelfiles.builtin import BUILTINS, Builtin, installed
from antiphon.modelfiles.hub_cache import cached_files, cached_sha256
from antiphon.modelfiles.model import HubAccess, ModelFile, Report
from antiphon.modelfiles.quantisation import parts_of, pick
from antiphon.modelfiles.reference import HubReference, NamedReference, PathReference, Reference, URLReference
from antiphon.modelfiles.store import Store


class Finder:
    """Finds what is here and whole."""

    def __init__(self, store: Store, access: HubAccess, on_progress: Report) -> None:
        self._store = store
        self._access = access
        self._report = on_progress

    def find(self, reference: Reference) -> ModelFile | None:
        """The file, or None. ConfigError when one is here that cannot be read."""
        try:
            match reference:
                case PathReference(path):
                    return self._own(path)
                case NamedReference(name):
                    return self._builtin(BUILTINS[name])
                case HubReference():
                    return self._downloaded(reference) or self._cached(reference)
                case URLReference():
                    return self._store.get(places.of_url(self._store, reference), on_progress=self._report)
        except OSError as error:
            raise ConfigError(f"a model file cannot be read: {error}") from error

    def _own(self, path: Path) -> ModelFile | None:
        """A file of the user's: there is nothing to check it against, so its digest only names it."""
        return self._measured(path) if path.is_file() else None

    def _builtin(self, builtin: Builtin) -> ModelFile | None:
        found = self._store.get(places.of_builtin(self._store, builtin), on_progress=self._report)
        if found is not None:
            return found
        cached = cached_files(self._access, repo=builtin.repo, revision=builtin.revision).get(builtin.file)
        for path in (installed(builtin), cached):
            measured = self._measured(path) if path is not None else None
            if measured is not None and measured.sha256 == builtin.sha256:
                return measured
        return None

    def _downloaded(self, reference: HubReference) -> ModelFile | None:
        folder = places.of_repository(self._store, reference)
        name = reference.file or (places.usual(folder) if reference.quant is None else None)
        names = self._store.names(folder)
        if name is None and reference.quant is None:
            return None  # the hub must be asked which file is the usual one
        chosen = _chosen(names, name, reference)
        found = [self._store.get(folder / one, on_progress=self._report) for one in chosen]
        return found[0] if found and None not in found else None

    def _cached(self, reference: HubReference) -> ModelFile | None:
        files = cached_files(self._access, repo=reference.repo, revision=reference.revision)
        chosen = [files[name] for name in _chosen(sorted(files), reference.file, reference)]
        measured = [self._measured(path) for path in chosen]
        whole = all(one.sha256 == cached_sha256(one.path) for one in measured)
        return measured[0] if measured and whole else None

    def _measured(self, path: Path) -> ModelFile:
        sha256 = self._store.digests.of(path, on_progress=self._report)
        return ModelFile(path=path, sha256=sha256, size_bytes=path.stat().st_size)


def _chosen(names: list[str], name: str | None, reference: HubReference) -> list[str]:
    """The files meant, all parts; empty when they are not all here."""
    try:
        if name is None:
            return pick(names, reference.quant, repo=reference.repo)
        return parts_of(name, names) if name in names else []
    except ConfigError:
        return []
