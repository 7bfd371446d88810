"""The sign-in desk of a console for tests: sessions over a database, with wallets and keys that know each other."""

from __future__ import annotations

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.keys import digest
from antiphon.accounts.sign_in import SignIn, SignInRules
from antiphon.accounts.wallet import Origin
from antiphon.console.cookies import SessionCookie
from antiphon.console.sessions import Lifetime, Sessions
from antiphon.console.visitors import Visitors
from antiphon.console.wire import Facts, WireFeatures, WireGateway
from antiphon.db import Connection, Database
from antiphon.ids import seeded
from antiphon.key import ADMIN, Key
from tests.unit.accounts.stored import PEPPER, Stored
from tests.unit.accounts.wallets import ADDRESS, signed

NAMED_TEXT = "sk-of-the-settings"
NAMED = Key("root", scopes=ADMIN)
LIFETIME = Lifetime(idle_s=600, most_s=6_000)
FACTS = Facts(WireGateway("1.2.3", "http://gw.example", 5), WireFeatures(True, False, True), (8453,))
SAME_ORIGIN = {b"x-antiphon-console": b"1", b"sec-fetch-site": b"same-origin"}


class Desk:
    """One gateway's sessions; another one of the same database is a second desk over it."""

    def __init__(self, database: Database, *, named: dict[str, Key] | None = None, seed: int = 3) -> None:
        self.stored = Stored(database, seed=seed)
        self.clock = self.stored.clock
        known = {digest(NAMED_TEXT): NAMED} if named is None else named
        self.sessions = Sessions(
            database,
            (PEPPER,),
            self.stored.service,
            named=known,
            lifetime=LIFETIME,
            clock=self.clock,
            ids=seeded(seed),
        )
        self.cookie = SessionCookie(secure=False)
        self.visitors = Visitors(self.sessions, self.cookie, hosts=frozenset({"gw.example"}))
        self.keyring = Keyring(known, self.stored.keys)
        rules = SignInRules(True, (Origin("http", "gw.example"),), (8453,))
        self.sign_in = SignIn(self.stored.service, rules, [PEPPER.secret], clock=self.clock, ids=seeded(seed + 1))

    async def with_wallet(self, *, revoke_others: bool = False) -> str:
        """The token of somebody who signs in with a wallet."""
        message = self.sign_in.challenge(ADDRESS).message
        proven = await self.sign_in.prove(message, signed(message))
        return (await self.sessions.begin_by_wallet(proven, revoke_others=revoke_others)).token

    async def rows(self) -> int:
        """How many sessions are kept."""
        return await self.stored.database.read(_count)


def _count(connection: Connection) -> int:
    return len(connection.all("SELECT 1 FROM console_sessions"))
