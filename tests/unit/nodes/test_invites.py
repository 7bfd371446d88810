"""Invites, the same on every database."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.db import Database
from antiphon.errors import AntiphonError, BadRequest, Conflict, NotFound, Unauthenticated
from antiphon.nodes import invites
from antiphon.nodes.model import INVITE_S, Node

from .membership import Membership, nkey

WEEK_S = 7 * 86_400


async def test_invites_have_states(database: Database) -> None:
    """Open, used by a node, expired; after a week they are forgotten."""
    members = Membership(database)
    await members.invites.make("attic")
    members.clock.advance(1)
    node = await members.enrolled()
    found = await members.invites.list()
    now_ms = members.now_s * 1000
    assert [(one.state(now_ms), one.name, one.node) for one in found] == [
        ("open", "attic", None),
        ("used", None, node.id),
    ]
    assert found[0].state(now_ms + INVITE_S * 1000) == "expired"
    members.clock.advance(INVITE_S + WEEK_S)
    assert await members.invites.list() == ()


async def test_an_invite_is_revoked(database: Database) -> None:
    """Nobody comes with it any more; one that was used is not revoked, and one that is not there is not found."""
    members = Membership(database)
    astray = await members.invites.make()
    await members.invites.revoke(astray.invite.id)
    with pytest.raises(Unauthenticated, match="unknown here"):
        await members.nodes.enrol(members.enrolment(astray.secret))
    for name in (astray.invite.id, "invite_\0"):
        with pytest.raises(NotFound):
            await members.invites.revoke(name)
    node = await members.enrolled()
    (used,) = await members.invites.list()
    with pytest.raises(Conflict, match=node.id):
        await members.invites.revoke(used.id)


async def test_a_machine_that_comes_while_its_invite_is_revoked(database: Database) -> None:
    """Either it is a node and the invite is used, or it is not and the invite is gone."""
    members = Membership(database)
    for letter in "ABCDEF":
        invited = await members.invites.make()
        shown = members.enrolment(invited.secret, key=nkey(letter))
        came, revoked = await asyncio.gather(
            members.nodes.enrol(shown), members.invites.revoke(invited.invite.id), return_exceptions=True
        )
        assert isinstance(came, Node) == isinstance(revoked, Conflict)
        assert isinstance(came, Unauthenticated) == (revoked is None)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_bounds_of_invites(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be so many that are good, and they last a month at most."""
    members = Membership(database)
    monkeypatch.setattr(invites, "INVITES_MAX", 1)
    await members.invites.make(expires_in_s=10)
    refused: list[type[AntiphonError]] = []
    for expires_in_s in (1, 0, 31 * 86_400):
        with pytest.raises(AntiphonError) as caught:
            await members.invites.make(expires_in_s=expires_in_s)
        refused.append(type(caught.value))
    assert refused == [Conflict, BadRequest, BadRequest]
    members.clock.advance(10)
    await members.invites.make()
