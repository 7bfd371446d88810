"""`antiphon keys`: makes keys for clients. The gateway only ever needs their digests."""

from __future__ import annotations

from antiphon.cli.output import Output


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
