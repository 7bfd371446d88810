"""Commands reach the keys of the database that a gateway with the same settings would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.accounts.model import Grant, KeyRecord
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.service import Keys
from antiphon.cli.key_desk import with_keys
from antiphon.cli.key_flags import PlaceFlags
from antiphon.clock import ManualClock
from antiphon.errors import ConfigError, NotFound
from antiphon.key import CLIENT

CLOCK = ManualClock()


async def create(keys: Keys) -> KeyRecord:
    """Make a key, and tell what is kept."""
    return (await keys.create("ann", Grant("k", CLIENT))).record


def test_the_settings_tell_where(place: Path) -> None:
    """The file's database and its pepper; what was made there is found there again."""
    config = place / "elsewhere.yaml"
    config.write_text(f"database: {{url: 'sqlite:///{place / 'some.db'}'}}\nauth: {{pepper: {'p' * 32}}}\n")
    record = with_keys(PlaceFlags(config=config), CLOCK, create)
    assert record.pepper_id == Pepper("p" * 32).id
    assert (place / "some.db").exists()
    assert with_keys(PlaceFlags(config=config), CLOCK, lambda keys: keys.list("ann")) == [record]


def test_a_flag_tells_where(place: Path) -> None:
    """Another data folder has other keys, and another pepper."""
    records = {with_keys(PlaceFlags(data_dir=str(place / name)), CLOCK, create) for name in ("one", "two")}
    assert len({record.pepper_id for record in records}) == 2
    assert (place / "one" / "antiphon.db").exists()


def test_refusals_go_on(place: Path) -> None:
    """A database that cannot be used, and a key that is not there."""
    (place / "file").write_text("")
    with pytest.raises(ConfigError):
        with_keys(PlaceFlags(data_dir=str(place / "file")), CLOCK, create)
    with pytest.raises(NotFound):
        with_keys(PlaceFlags(data_dir=str(place)), CLOCK, lambda keys: keys.revoke(None, "key_0"))
