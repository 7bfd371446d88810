"""Leave to become a node: invites are made, listed and revoked by an operator, and each is good for one machine."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from msgspec import Struct

from antiphon.accounts.pepper import Pepper
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, NotFound
from antiphon.ids import Ids
from antiphon.nodes import enrolment, store
from antiphon.nodes.model import INVITE_S, INVITE_S_MAX, INVITES_MAX, Invite, name_fault

MS = 1000
KEPT_MS = 7 * 86_400 * MS  # after it has expired


class Invited(Struct, frozen=True):
    """A new invite with its secret, which is shown once."""

    secret: str
    invite: Invite


class Invites:
    """The invites of all gateways of one database."""

    def __init__(self, database: Database, peppers: Sequence[Pepper], *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._peppers = peppers
        self._clock = clock
        self._ids = ids

    async def make(self, name: str | None = None, expires_in_s: int = INVITE_S) -> Invited:
        """Leave for one machine to become a node, called `name` if that is given; Conflict when too many are good."""
        if not 1 <= expires_in_s <= INVITE_S_MAX:
            raise BadRequest(f"expires_in_s: expected 1 to {INVITE_S_MAX}.", param="expires_in_s")
        if name is not None and (fault := name_fault(name)):
            raise BadRequest(f"name: {fault}.", param="name")
        now_ms = self._now_ms()
        secret = secrets.token_hex(enrolment.SECRET_BYTES)
        digest = self._peppers[0].digest(secret)
        invite = Invite(self._ids.make("invite_"), digest, name, now_ms, now_ms + expires_in_s * MS)

        def work(connection: Connection) -> None:
            store.forget_invites(connection, now_ms - KEPT_MS)
            if store.count_invites(connection, now_ms) >= INVITES_MAX:
                raise Conflict(f"There are {INVITES_MAX} invites that nobody has used yet.", code="too_many_nodes")
            store.insert_invite(connection, invite)

        await self._database.write(work)
        return Invited(secret, invite)

    async def list(self) -> tuple[Invite, ...]:
        """Those that are good, were used, or have expired within a week; the oldest first."""
        after_ms = self._now_ms() - KEPT_MS
        return await self._database.read(lambda connection: store.invites(connection, after_ms))

    async def revoke(self, invite_id: str) -> None:
        """Void an invite that nobody has used yet; Conflict when somebody has, for which the node is to be removed."""

        def work(connection: Connection) -> None:
            store.begin_change(connection)  # no machine comes with it meanwhile
            found = None if "\0" in invite_id else store.get_invite(connection, invite_id)
            if found is None:
                raise NotFound("There is no invite of that id.", code="invite_not_found")
            if found.node is not None:
                raise Conflict(
                    f"The machine {found.node} has used this invite: ban or remove that node.", code="invite_used"
                )
            store.delete_invite(connection, invite_id)

        await self._database.write(work)

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)
