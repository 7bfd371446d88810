"""Which channels there are, and who may use them: made by accounts for their members, by operators for everybody."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.channels import store
from antiphon.channels.model import (
    CHANNEL_PREFIX,
    EVERYBODY,
    Bounds,
    Channel,
    missing,
    require_accounts,
    require_channel_name,
)
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, PermissionDenied
from antiphon.ids import Ids
from antiphon.key import Key

LISTED_MAX = 10_000


class Shown(Struct, frozen=True):
    """A channel with its members, None for whoever may not see them."""

    channel: Channel
    members: tuple[str, ...] | None = None


class Directory:
    """All channels. One that the caller may not use is refused as one that does not exist."""

    def __init__(self, database: Database, bounds: Bounds, *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._bounds = bounds
        self._clock = clock
        self._ids = ids

    async def keep_public(self, names: Sequence[str]) -> None:
        """Make those public channels that are missing."""
        made = [self._channel(EVERYBODY, name) for name in names]

        def work(connection: Connection) -> None:
            for channel in made:
                store.insert(connection, channel)

        if made:
            await self._database.write(work)

    async def list(self, account: str) -> tuple[Channel, ...]:
        """Those that an account may use, the public ones first."""
        return await self._database.read(lambda connection: store.usable(connection, account, LISTED_MAX))

    async def get(self, account: str, address: str) -> Shown:
        """One that the account may use."""

        def work(connection: Connection) -> Shown:
            channel = store.find(connection, account, address)
            if channel is None:
                raise missing(address)
            return _shown(connection, channel, account)

        return await self._database.read(work)

    async def create(self, key: Key, name: str, members: tuple[str, ...] = (), *, public: bool = False) -> Shown:
        """Make a channel of the key's account, or a public one; Conflict when its owner has one of that name."""
        require_channel_name(name)
        require_accounts(members, "members")
        if public and "admin" not in key.scopes:
            raise PermissionDenied("A public channel takes a key with the scope `admin`.")
        if public and members:
            raise BadRequest("members: a public channel has none, it is for everybody.", param="members")
        channel = self._channel(EVERYBODY if public else key.account, name)

        def work(connection: Connection) -> Shown:
            if not public and store.count_owned(connection, channel.owner) >= self._bounds.per_account_max:
                raise Conflict(
                    f"The account has {self._bounds.per_account_max} channels, and more are not kept.",
                    code="too_many_channels",
                )
            if not store.insert(connection, channel):
                raise Conflict(f"name: there is a channel {name!r} already.", param="name")
            self._add(connection, channel, members)
            return _shown(connection, channel, key.account)

        return await self._database.write(work)

    async def change(self, key: Key, address: str, add: tuple[str, ...], remove: tuple[str, ...]) -> Shown:
        """Let accounts use a channel, and others no longer; its owner may."""
        require_accounts(add, "addMembers")
        require_accounts(remove, "removeMembers")

        def work(connection: Connection) -> Shown:
            channel = _owned(connection, key, address)
            if channel.public:
                raise Conflict("A public channel has no members: it is for everybody.")
            for account in remove:
                if account != channel.owner:
                    store.remove_member(connection, channel, account)
            self._add(connection, channel, add)
            store.revise(connection, channel.id)
            return _shown(connection, channel, key.account)

        return await self._database.write(work)

    async def delete(self, key: Key, address: str) -> None:
        """Forget a channel with all its messages: its owner may, and an operator a public one."""

        def work(connection: Connection) -> None:
            store.delete(connection, _owned(connection, key, address).id)

        await self._database.write(work)

    def _channel(self, owner: str, name: str) -> Channel:
        return Channel(self._ids.make(CHANNEL_PREFIX), owner, name, int(self._clock.now() * 1000))

    def _add(self, connection: Connection, channel: Channel, accounts: tuple[str, ...]) -> None:
        for account in accounts:
            store.add_member(connection, channel, account)
        if len(store.members(connection, channel)) > self._bounds.members_max:
            raise Conflict(
                f"A channel has {self._bounds.members_max} members at most besides its owner.",
                code="too_many_members",
            )


def _owned(connection: Connection, key: Key, address: str) -> Channel:
    """A channel that is the caller's to change."""
    channel = store.find(connection, key.account, address)
    if channel is None:
        raise missing(address)
    if not (channel.owner == key.account or (channel.public and "admin" in key.scopes)):
        raise PermissionDenied("Only the owner of a channel changes it, and an operator a public one.")
    return channel


def _shown(connection: Connection, channel: Channel, account: str) -> Shown:
    own = not channel.public and channel.owner == account
    return Shown(channel, store.members(connection, channel) if own else None)
