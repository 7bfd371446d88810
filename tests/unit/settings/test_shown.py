"""Tests of settings as an operator may see them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from antiphon.settings.auth import AuthSettings
from antiphon.settings.model import KeySettings, Settings
from antiphon.settings.secret import Secret
from antiphon.settings.server import ServerSettings
from antiphon.settings.serving import UpstreamSettings
from antiphon.settings.shown import Shown, shown

PLANTED = "planted-secret-" * 3


def rows(settings: Settings) -> dict[str, Shown]:
    """Each by its name."""
    return {one.name: one for one in shown(settings)}


def test_each_setting_has_its_value_and_its_default() -> None:
    """With what it means; what was set is told from what was not."""
    found = rows(Settings(server=ServerSettings(port=1), data_dir=Path("/data")))
    port = found["server.port"]
    assert (port.value, port.default, port.changed, port.type) == (1, 8000, True, "integer")
    assert port.description
    assert (found["server.host"].changed, found["data_dir"].value) == (False, "/data")


def test_secrets_are_only_known_to_be_set() -> None:
    """Neither a value nor a default ever holds one."""
    settings = Settings(auth=AuthSettings(pepper=Secret(PLANTED)), keys=(KeySettings(name="ann", key=Secret(PLANTED)),))
    found = rows(settings)
    assert (found["auth.pepper"].value, found["auth.pepper"].secret) == ("set", True)
    assert (found["auth.former_pepper"].value, found["auth.former_pepper"].secret) == (None, True)
    assert found["keys[0].key"].value == "set"
    assert PLANTED.encode() not in msgspec.json.encode(list(found.values()))


def test_lists_show_their_items() -> None:
    """Those without any are shown as empty."""
    found = rows(Settings(upstreams=(UpstreamSettings(url="http://one/v1"), UpstreamSettings(url="http://two/v1"))))
    assert found["upstreams[1].url"].value == "http://two/v1"
    assert "upstreams" not in found
    assert found["models"].value == ()
