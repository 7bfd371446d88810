"""From the settings to how model files are reached."""

from __future__ import annotations

from antiphon.modelfiles import HubAccess
from antiphon.settings.model import Hub


def hub_access(hub: Hub) -> HubAccess:
    """The hub as the downloader wants it, the token revealed."""
    token = hub.token.reveal() if hub.token else None
    return HubAccess(address=hub.address, token=token, cache_dir=hub.cache_dir)
