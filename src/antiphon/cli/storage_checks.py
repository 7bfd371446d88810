"""Checks of what is stored: the database, its clock, the books, payments. Nothing is made and nothing is migrated."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.cli.findings import Finding, fail, ok, warn
from antiphon.cli.snapshot import snapshot
from antiphon.clock import Clock, SystemClock
from antiphon.credits.money import usdc_text
from antiphon.credits.verify import verify
from antiphon.db import Connection, address
from antiphon.db.migrate import APPLIED, missing, own_migrations
from antiphon.db.moment import now_sql
from antiphon.db.open import FILE_NAME
from antiphon.db.session import DAMAGED
from antiphon.errors import ConfigError
from antiphon.settings.model import Settings

PROVED_MAX = 100_000  # journals; more take longer than somebody waits
APART_S = 1.0  # gateways tell by the database's clock what is theirs, and by their own how long something takes
LATE_S = 600  # a payment is settled in seconds, or looked at again
DAY_S = 86_400
PAYMENTS_SHOWN = 3

AGAINST_SILENCE = (
    "Is the server up, and are address, password and rights right? Requests that need it get 503 meanwhile."
)
AGAINST_DAMAGE = (
    "Stop every gateway that uses it, keep the file with its -wal and -shm for later, and put a backup in its place:"
    " docs/database.md, `A damaged file`."
)
JOURNALS = "SELECT COUNT(*) FROM ledger_journals"
UNSETTLED = (
    "SELECT id, account, amount, state, reason FROM topups WHERE"
    " (state = 'settling' AND created_at_ms < :late_ms) OR (state = 'dead' AND ended_at_ms > :day_ms)"
    " ORDER BY id DESC LIMIT :most"
)


def storage(settings: Settings, clock: Clock | None = None) -> Iterator[Finding]:
    """The database as it is; a file that is not there yet is made at the first start."""
    clock = clock or SystemClock()
    url = None if settings.database.url is None else settings.database.url.reveal()
    if url is None or not address.of_server(url):
        path = settings.data_dir.expanduser() / FILE_NAME if url is None else address.file_path(url)
        if not path.exists():
            yield ok("database", f"{path} will be made at the first start")
            return
    try:
        with snapshot(settings, "the database") as connection:
            connection.check()
            yield from _stored(connection, now_sql(url), clock)
    except ConfigError as error:
        yield fail("database", error.message, AGAINST_DAMAGE if error.code == DAMAGED else AGAINST_SILENCE)


def _stored(connection: Connection, now: str, clock: Clock) -> Iterator[Finding]:
    form = _form(connection)
    yield form
    if form.status == "fail":
        return
    yield _clock(connection, now, clock)
    if form.status == "warn":
        return  # what is looked at next may have another form
    yield _books(connection, clock)
    yield from _payments(connection, clock)


def _form(connection: Connection) -> Finding:
    """Whether its tables are those of this version."""
    migrations = own_migrations()
    try:
        left = missing(connection.all(APPLIED), migrations)
    except ConfigError as error:
        return fail("database", error.message, "Take the version that made it, or another database.")
    if left:
        advice = "Back it up; the next start of this version changes it. Then older versions cannot use it."
        return warn("database", f"{len(left)} changes are still to be made, from {left[0]} on", advice)
    return ok("database", f"answers, in the form of this version ({migrations[-1]})")


def _clock(connection: Connection, now: str, clock: Clock) -> Finding:
    row = connection.one(now)
    assert row is not None, "the time is a row"
    apart_s = row[0] / 1_000_000 - clock.now()
    if abs(apart_s) > APART_S:
        advice = (
            "Let both machines keep time by NTP: limits and leases that gateways share are counted by the database's."
        )
        return warn("database's clock", f"{apart_s:+.1f} s from this machine's", advice)
    return ok("database's clock", f"{abs(apart_s):.1f} s from this machine's")


def _books(connection: Connection, clock: Clock) -> Finding:
    row = connection.one(JOURNALS)
    journals = 0 if row is None else int(row[0])
    if journals > PROVED_MAX:
        return ok("books", f"{journals} journals; `antiphon ledger verify` proves them, which takes a while")
    found = verify(connection, now_ms=int(clock.now() * 1000))
    if found.fault is not None:
        advice = "Pay out nothing, keep the database as it is and compare it with a backup: docs/ledger.md."
        return fail("books", f"they do not add up: {found.fault}", advice)
    return ok("books", f"sound: {found.journals} journals, {found.receipts} receipts")


def _payments(connection: Connection, clock: Clock) -> Iterator[Finding]:
    """Payments that did not become credit: each with what is the matter."""
    now_ms = int(clock.now() * 1000)
    late = {"late_ms": now_ms - 1000 * LATE_S, "day_ms": now_ms - 1000 * DAY_S}
    for topup, account, amount, state, reason in connection.all(UNSETTLED, **late, most=PAYMENTS_SHOWN):
        what = f"{usdc_text(amount)} USDC for {account}"
        if state == "dead":
            found = f"{what} came to nothing: {reason or 'no reason is known'}"
            advice = "Nothing was credited. The payer may sign a new payment; docs/topup.md says what is checked."
            yield warn(f"payment {topup}", found, advice)
        else:
            found = f"{what} is not settled after {LATE_S // 60} minutes"
            advice = "Do facilitator and chain answer? The log says `a top-up is not settled`; it is tried until it is."
            yield warn(f"payment {topup}", found, advice)
