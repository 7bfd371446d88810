"""Gets model files for tests: a small model, and a folder that is filled from a hub of the tests' own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from antiphon.modelfiles import HubAccess, ModelFile, Progress, find, resolve
from tests.integration.hub_server import REPO, Hub
from tests.unit.modelfiles import gguf_files

SIZE_BYTES = 3_000_000
MODEL = gguf_files.model(SIZE_BYTES)
OTHER = gguf_files.model(SIZE_BYTES, name="other")
FILE = "m.Q4_K_M.gguf"
DIGEST = hashlib.sha256(MODEL).hexdigest()


class Getter:
    """Gets references from one hub into one folder."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.told: list[Progress] = []

    def access(self, token: str | None = None) -> HubAccess:
        """This hub, with an empty cache."""
        return HubAccess(address=self.hub.address, token=token, cache_dir=self.folder / "no-cache")

    def get(self, reference: str = f"hf:{REPO}:Q4_K_M", token: str | None = None) -> ModelFile:
        """Resolve a reference."""
        return resolve(reference, data_dir=self.folder, on_progress=self.told.append, hub=self.access(token))

    def find(self, reference: str = f"hf:{REPO}:Q4_K_M") -> ModelFile | None:
        """Look for a reference."""
        return find(reference, data_dir=self.folder, hub=self.access())

    def left_overs(self) -> list[str]:
        """Files that are neither models nor their digests."""
        names = [path.name for path in (self.folder / "models").rglob("*") if path.is_file()]
        return sorted(name for name in names if name.endswith((".part", ".etag")) or name.startswith("."))
