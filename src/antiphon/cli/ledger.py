"""`antiphon ledger`: proves the books in the database, beside gateways that use them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli.chain_audit import audit_text, chain_audit
from antiphon.cli.flags import SettingFlags, assignments
from antiphon.cli.local_chain import beside
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.credits.verify import Findings, Head
    from antiphon.settings.model import Settings


def verify(
    *,
    flags: Annotated[SettingFlags, Parameter(name="*")] = SettingFlags(),
    head: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    on_chain: bool = False,
    json: bool = False,
) -> int:
    """Hold every rule of the books against every row; the exit code is 1 when one is broken, and the first is named.

    Parameters
    ----------
    head
        End of a ledger's chain as an earlier run printed it, which must still be there. Repeatable.
    on_chain
        Also ask the chain for each payment: what was paid in must be there, no more and no less.
    json
        Print JSON.
    flags
        What to set.

    """
    import msgspec

    from antiphon.settings.load import load

    output = Output(as_json=json)
    loaded = load(config=flags.config, variables=os.environ, flags=assignments(flags), folder=Path.cwd())
    findings = _findings(loaded.settings, tuple(map(_head, head)))
    audit = asyncio.run(chain_audit(beside(loaded.settings))) if on_chain else None
    sound = findings.fault is None and (audit is None or audit.sound)
    if json:
        told = {"ok": sound, **msgspec.to_builtins(findings)}
        output.json(told if audit is None else {**told, "chain": msgspec.to_builtins(audit)})
        return 0 if sound else 1
    for end in findings.heads:
        output.line(f"{end.ledger}:{end.number}:{end.hash}")
    if findings.fault is not None:
        output.line(str(findings.fault))
        return 1
    rows = f"{findings.journals} journals, {findings.accounts} accounts, {findings.holds} holds"
    seen = f"{rows}, {findings.receipts} receipts"
    output.note(f"The books are sound: {seen}.")
    if audit is not None:
        output.line(audit_text(audit))
    return 0 if sound else 1


def _findings(settings: Settings, heads: tuple[Head, ...]) -> Findings:
    from antiphon.cli.snapshot import snapshot
    from antiphon.clock import SystemClock
    from antiphon.credits.verify import verify as prove

    with snapshot(settings, "the books") as session:
        return prove(session, now_ms=int(SystemClock().now() * 1000), heads=heads)


def _head(text: str) -> Head:
    from antiphon.credits.ledger import LEDGERS
    from antiphon.credits.verify import Head
    from antiphon.errors import ConfigError

    name, _, rest = text.partition(":")
    number, _, digest = rest.partition(":")
    ledger = next((one for one in LEDGERS if one == name), None)
    if ledger is None or not number.isdecimal() or not digest.isalnum():
        raise ConfigError("--head takes LEDGER:NUMBER:HASH, as `antiphon ledger verify` prints it.")
    return Head(ledger, int(number), digest)
