"""Puts together the tool providers that the settings name."""

from __future__ import annotations

from antiphon.clock import Clock
from antiphon.observe.logs import Log
from antiphon.providers.client import require_installed
from antiphon.providers.model import Provider
from antiphon.providers.service import Providers
from antiphon.settings.model import Settings
from antiphon.settings.tool_providers import as_provider


def providers(settings: Settings, *, clock: Clock, log: Log) -> Providers:
    """Those of the settings, asked for their tools from now on; ConfigError where the package for it is missing."""

    def on_trouble(provider: Provider, reason: str) -> None:
        log.warning("a tool provider fails", provider=provider.key, reason=reason)

    found = Providers(clock=clock, on_trouble=on_trouble)
    if settings.tool_providers:
        require_installed()
        found.replace("settings", tuple(map(as_provider, settings.tool_providers)))
        found.warm()
    return found
