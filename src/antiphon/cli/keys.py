"""`antiphon keys`: makes keys for clients: in the database, listed, revoked and rotated, or for the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.key_flags import GrantFlags, PlaceFlags, grant, seconds
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.accounts.model import KeyRecord
    from antiphon.accounts.service import Minted


def new(name: str = "client", /, *, test: bool = False, json: bool = False) -> int:
    """Make a key; nothing is stored. Hand the key to the client, put the digest into the configuration file.

    Parameters
    ----------
    name
        Who will have the key.
    test
        Make a `dkn_test_` key in place of a `dkn_live_` one.
    json
        Print JSON.

    """
    from antiphon.accounts.keys import digest, mint

    output = Output(as_json=json)
    key = mint("test" if test else "live")
    if json:
        output.json({"name": name, "key": key, "key_sha256": digest(key)})
        return 0
    output.line(key)
    output.note("\nIt is shown only now. In the configuration file:\n")
    output.note(f"keys:\n  - name: {name}\n    key_sha256: {digest(key)}")
    return 0


def create(
    name: str = "client",
    /,
    *,
    account: str | None = None,
    fields: Annotated[GrantFlags, Parameter(name="*")] = GrantFlags(),
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Make a key in the database.

    Parameters
    ----------
    name
        What the key is called.
    account
        Whose it is: a wallet's address, or any name; otherwise the key's own name.
    fields
        What it may do.
    json
        Print JSON.
    place
        Which database.

    """
    from antiphon.cli.key_desk import with_keys
    from antiphon.clock import SystemClock

    clock = SystemClock()
    wanted = grant(name, fields, _now_ms())
    return _once(with_keys(place, clock, lambda keys: keys.create(account or name, wanted)), json=json)


def list_keys(
    *,
    account: str | None = None,
    all: bool = False,  # noqa: A002 - the word of the flag
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """List the keys in the database, the newest first.

    Parameters
    ----------
    account
        Only those of this account.
    all
        Those that have ended too.
    json
        Print JSON.
    place
        Which database.

    """
    import msgspec

    from antiphon.accounts.wire import WireKeys, shown
    from antiphon.cli.key_desk import with_keys
    from antiphon.clock import SystemClock

    output, now_ms = Output(as_json=json), _now_ms()
    records = with_keys(place, SystemClock(), lambda keys: keys.list(account))
    found = [record for record in records if all or record.state(now_ms) == "active"]
    if json:
        output.json(msgspec.to_builtins(WireKeys([shown(record, now_ms) for record in found])))
        return 0
    heading = ("ID", "ACCOUNT", "NAME", "KEY", "STATE", "SCOPES", "EXPIRES")
    output.table([heading, *(_row(record, now_ms) for record in found)])
    return 0


def revoke(key: str, /, *, place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags()) -> int:
    """Void a key; running gateways refuse it within two seconds.

    Parameters
    ----------
    key
        Its id, as `antiphon keys list` shows it.
    place
        Which database.

    """
    from antiphon.cli.key_desk import with_keys
    from antiphon.clock import SystemClock

    with_keys(place, SystemClock(), lambda keys: keys.revoke(None, key))
    return 0


def rotate(
    key: str,
    /,
    *,
    overlap: str = "1d",
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Make a key that may do the same; the old one is good for a while longer.

    Parameters
    ----------
    key
        Its id, as `antiphon keys list` shows it.
    overlap
        Time that the old one is still good for, such as 1d, 12h or 0s.
    json
        Print JSON.
    place
        Which database.

    """
    from antiphon.cli.key_desk import with_keys
    from antiphon.clock import SystemClock

    overlap_s = seconds(overlap, "--overlap")
    return _once(with_keys(place, SystemClock(), lambda keys: keys.rotate(None, key, overlap_s)), json=json)


def _once(minted: Minted, *, json: bool) -> int:
    import msgspec

    from antiphon.accounts.wire import shown_once

    output = Output(as_json=json)
    if json:
        output.json(msgspec.to_builtins(shown_once(minted, _now_ms())))
        return 0
    output.line(minted.key)
    output.note(f"\nIt is shown only now. Its id is {minted.record.id}, its account {minted.record.account}.")
    return 0


def _row(record: KeyRecord, now_ms: int) -> tuple[str, ...]:
    from antiphon.cli.stored import moment

    expires_at_ms = record.grant.expires_at_ms
    return (
        record.id,
        record.account,
        record.grant.name,
        f"{record.first}...{record.last}",
        record.state(now_ms),
        " ".join(sorted(record.grant.scopes)),
        "-" if expires_at_ms is None else moment(expires_at_ms),
    )


def _now_ms() -> int:
    from antiphon.clock import SystemClock

    return int(SystemClock().now() * 1000)
