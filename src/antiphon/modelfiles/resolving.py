"""From a reference to a whole file on this machine: `find` looks, `resolve` also fetches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from antiphon.errors import ConfigError
from antiphon.modelfiles.builtin import BUILTINS
from antiphon.modelfiles.finding import Finder
from antiphon.modelfiles.model import HubAccess, ModelFile, Progress, Report
from antiphon.modelfiles.reference import HubReference, NamedReference, PathReference, Reference, URLReference, parse
from antiphon.modelfiles.store import Store

if TYPE_CHECKING:
    from antiphon.modelfiles.fetching import Fetcher


def silent(progress: Progress) -> None:
    """Tell nobody."""


def find(
    reference: str,
    *,
    data_dir: Path,
    on_progress: Report = silent,
    hub: HubAccess = HubAccess(),
) -> ModelFile | None:
    """The file if it is on this machine, whole; nothing is downloaded. ConfigError for a reference that is none."""
    finder = Finder(_store(data_dir), hub, on_progress)
    return finder.find(parse(reference, names=frozenset(BUILTINS)))


def resolve(
    reference: str,
    *,
    data_dir: Path,
    on_progress: Report = silent,
    hub: HubAccess = HubAccess(),
    environ: Mapping[str, str] | None = None,
) -> ModelFile:
    """The file, found or fetched; blocking, so call it in a thread. ConfigError says what to do when it fails.

    `environ` is for pip, which may fetch a built-in model; None means that of this process.
    """
    store, parsed = _store(data_dir), parse(reference, names=frozenset(BUILTINS))
    found = Finder(store, hub, on_progress).find(parsed)
    if found is not None:
        return found
    # Imported here: with its model at hand, a gateway starts without the libraries for downloads.
    from antiphon.modelfiles.fetching import Fetcher

    fetcher = Fetcher(store, hub, on_progress, environ=os.environ if environ is None else environ)
    return _fetch(fetcher, parsed)


def _fetch(fetcher: Fetcher, reference: Reference) -> ModelFile:
    match reference:
        case PathReference(path):
            raise ConfigError(f"there is no model file {path}")
        case NamedReference(name):
            return fetcher.fetch_builtin(BUILTINS[name])
        case HubReference():
            return fetcher.fetch_from_hub(reference)
        case URLReference():
            return fetcher.fetch_from_web(reference)


def _store(data_dir: Path) -> Store:
    return Store((data_dir / "models").expanduser().absolute())
