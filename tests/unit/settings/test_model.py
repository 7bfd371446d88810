"""The settings as values."""

from __future__ import annotations

from antiphon.settings.model import EMBEDDED_DEFAULT, KeySettings, Settings
from antiphon.settings.secret import Secret


def test_the_gateway_is_private_by_default() -> None:
    """It listens on this machine only, and nobody can call it without a key."""
    settings = Settings()
    assert settings.server.host == "127.0.0.1"
    assert settings.keys == ()
    assert settings.development_key


def test_the_embedded_default_answers_calmly() -> None:
    """A small model needs a low temperature."""
    assert (EMBEDDED_DEFAULT.defaults.temperature, EMBEDDED_DEFAULT.defaults.top_p) == (0.2, 0.9)


def test_settings_show_no_keys() -> None:
    """Printing them is harmless."""
    assert "hidden" not in repr(Settings(keys=(KeySettings(name="a", key=Secret("hidden")),)))
