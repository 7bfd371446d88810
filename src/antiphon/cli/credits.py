"""`antiphon credits`: what accounts have, how that came about, and credit given by hand, in the database itself."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.key_flags import PlaceFlags
from antiphon.cli.output import Output
from antiphon.key import Ledger

LINES = 50


def balance(
    account: str,
    /,
    *,
    ledger: Ledger = "USDC",
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Print what an account has.

    Parameters
    ----------
    account
        A wallet's address, or a name that a key was made for.
    ledger
        USDC, or DEV for play money.
    json
        Print JSON.
    place
        Which database.

    """
    import msgspec

    from antiphon.cli.credit_desk import account_key, with_credits
    from antiphon.clock import SystemClock
    from antiphon.credits import wire
    from antiphon.credits.money import usdc_text

    output, key = Output(as_json=json), account_key(account, ledger)
    found = with_credits(place, SystemClock(), lambda books: books.balance(key))
    if json:
        output.json(msgspec.to_builtins(wire.balance(found, exact=False)))
        return 0
    output.line(f"{usdc_text(found.balance)} {ledger}")
    if found.held:
        output.note(f"{usdc_text(found.held)} of it are held for requests.")
    return 0


def grant(
    account: str,
    amount: str,
    /,
    *,
    ledger: Ledger = "USDC",
    id: str | None = None,  # noqa: A002 - the word of the flag
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Give an account credit that nobody paid for.

    Parameters
    ----------
    account
        A wallet's address, or a name that a key was made for.
    amount
        How much, such as 10 or 2.50.
    ledger
        USDC, or DEV for play money.
    id
        What this gift is called: the same is given once, however often the command runs.
    json
        Print JSON.
    place
        Which database.

    """
    from antiphon.cli.credit_desk import account_key, micro, with_credits
    from antiphon.clock import SystemClock
    from antiphon.credits.money import usdc_text
    from antiphon.errors import ConfigError
    from antiphon.ids import Ids

    output, key, wanted = Output(as_json=json), account_key(account, ledger), micro(amount)
    name = Ids().make("") if id is None else id
    if not (0 < len(name) <= 200 and name.isascii() and name.isprintable()):
        raise ConfigError("--id: expected 1 to 200 printable characters of ASCII.")
    journal = f"grant:{name}"
    given = with_credits(place, SystemClock(), lambda books: books.grant(key, journal, wanted))
    if json:
        output.json({"id": journal, "given": given, "ledger": ledger, "amount_micro_usdc": wanted if given else 0})
    elif given:
        output.line(f"{account} is given {usdc_text(wanted)} {ledger} ({journal})")
    else:
        output.line(f"Nothing is given: {journal} was given before.")
    return 0


def ledger_(
    account: str,
    /,
    *,
    ledger: Ledger = "USDC",
    limit: int = LINES,
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Print an account's history, the newest first.

    Parameters
    ----------
    account
        A wallet's address, or a name that a key was made for.
    ledger
        USDC, or DEV for play money.
    limit
        How many journals at most.
    json
        Print JSON.
    place
        Which database.

    """
    import msgspec

    from antiphon.cli.credit_desk import account_key, with_credits
    from antiphon.cli.stored import moment, plain
    from antiphon.clock import SystemClock
    from antiphon.credits import wire
    from antiphon.errors import ConfigError

    if limit < 1:
        raise ConfigError("--limit: expected 1 or more.")
    output, key = Output(as_json=json), account_key(account, ledger)
    lines = with_credits(place, SystemClock(), lambda books: books.history(key, limit=limit + 1))
    shown = wire.part_of_ledger(ledger, lines, limit)
    if json:
        output.json(msgspec.to_builtins(shown))
        return 0
    rows = [(moment(row.created_at_ms), row.kind, row.amount_usdc, plain(row.id)) for row in shown.data]
    output.table([("TIME", "KIND", f"AMOUNT ({ledger})", "ID"), *rows])
    return 0
