"""Model files: from a reference such as `hf:owner/repo:Q4_K_M` to a checked GGUF file on this machine."""

from __future__ import annotations

from antiphon.modelfiles.gguf import Metadata, read_metadata
from antiphon.modelfiles.model import HubAccess, ModelFile, Progress, Report
from antiphon.modelfiles.resolving import find, resolve

__all__ = ["HubAccess", "Metadata", "ModelFile", "Progress", "Report", "find", "read_metadata", "resolve"]
