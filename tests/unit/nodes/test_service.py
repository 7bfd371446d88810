"""The life of a node, from its invite to the end, the same on every database."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.db import Database
from antiphon.engines import ModelFacts
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied, Unauthenticated
from antiphon.link.frames import Hello, NodeModel
from antiphon.nodes.model import INVITE_S, Node, State
from antiphon.nodes.service import Kept
from tests.unit.accounts.wallets import OTHER_SECRET

from .membership import Membership, nkey

HELLO = Hello(1, models=(NodeModel(ModelFacts("m")),))

# What no database can do otherwise than another is tested on one.
RULES = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


async def test_an_invited_machine_becomes_a_node(database: Database) -> None:
    """It has its own key and wallet, and its name, or the one of the invite."""
    members = Membership(database)
    node = await members.enrolled()
    assert (node.name, node.nkey, node.state, node.epoch) == ("host", nkey(), "active", 0)
    assert node.owner.startswith("0x19E7")
    invited = await members.invites.make("garage")
    other = await members.nodes.enrol(members.enrolment(invited.secret, key=nkey("B")))
    assert other.name == "garage"
    assert await members.nodes.list() == (node, other)
    assert await members.nodes.get("garage") == await members.nodes.get(other.id) == other


@RULES
async def test_a_taken_name_is_lengthened(database: Database) -> None:
    """Machines of one name are told apart."""
    members = Membership(database)
    await members.enrolled()
    second = await members.enrolled(key=nkey("B"))
    assert second.name == f"host-{second.id[-6:]}"


async def test_an_invite_is_for_one_machine(database: Database) -> None:
    """The machine itself may ask again, since it may not have heard the answer."""
    members = Membership(database)
    invited = await members.invites.make()
    node = await members.nodes.enrol(members.enrolment(invited.secret))
    assert await members.nodes.enrol(members.enrolment(invited.secret)) == node
    with pytest.raises(Unauthenticated, match="Another machine has used this token"):
        await members.nodes.enrol(members.enrolment(invited.secret, key=nkey("B")))


async def test_of_machines_that_come_at_once_one_is_let_in(database: Database) -> None:
    """Even with the same token at the same moment."""
    members = Membership(database)
    invited = await members.invites.make()
    shown = [members.enrolment(invited.secret, key=nkey(letter)) for letter in "ABCDE"]
    outcomes = await asyncio.gather(*map(members.nodes.enrol, shown), return_exceptions=True)
    assert sum(isinstance(outcome, Node) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Unauthenticated) for outcome in outcomes) == 4


@RULES
async def test_an_invite_expires(database: Database) -> None:
    """Whoever comes later is told so."""
    members = Membership(database)
    invited = await members.invites.make()
    members.clock.advance(INVITE_S)
    with pytest.raises(Unauthenticated, match="This token has expired"):
        await members.nodes.enrol(members.enrolment(invited.secret))
    with pytest.raises(Unauthenticated, match="This token is unknown here"):
        await members.nodes.enrol(members.enrolment("ab" * 24))


@RULES
async def test_a_clock_that_is_off_is_named(database: Database) -> None:
    """A machine whose clock is minutes away is told by how many."""
    members = Membership(database)
    invited = await members.invites.make()
    for off_s, words in ((-600, "10 minutes behind"), (600, "10 minutes ahead of")):
        with pytest.raises(Unauthenticated, match=words):
            await members.nodes.enrol(members.enrolment(invited.secret, at_s=members.now_s + off_s))


@RULES
async def test_only_the_wallet_signs(database: Database) -> None:
    """Neither enrolment nor lease takes the signature of another wallet."""
    members = Membership(database)
    invited = await members.invites.make()
    good = members.enrolment(invited.secret)
    other = members.enrolment(invited.secret, wallet=OTHER_SECRET)
    with pytest.raises(Unauthenticated):
        await members.nodes.enrol(replace(good, signature=other.signature))
    node = await members.nodes.enrol(good)
    with pytest.raises(Unauthenticated, match="signature"):
        await members.let_in(node, wallet=OTHER_SECRET)
    with pytest.raises(Unauthenticated, match="another wallet"):
        await members.nodes.enrol(members.enrolment((await members.invites.make()).secret, wallet=OTHER_SECRET))


async def test_the_newest_lease_is_the_one(database: Database) -> None:
    """A second agent of the same node gets the next epoch, and the first is told when it renews."""
    members = Membership(database)
    node = await members.enrolled()
    first = await members.let_in(node)
    assert (first.epoch, (await members.let_in(node, 1)).epoch) == (1, 1)
    assert (await members.let_in(node)).epoch == 2
    with pytest.raises(Conflict, match="Another agent has started"):
        await members.let_in(node, 1)


async def test_states_of_a_node(database: Database) -> None:
    """Drained and back; a ban is only ended by removing the node."""
    members = Membership(database)
    node = await members.enrolled()
    states: list[State] = ["drained", "active", "banned"]
    for state in states:
        assert (await members.nodes.change("host", to=state)).state == state
    with pytest.raises(Conflict, match="remove it"):
        await members.nodes.change("host", to="active")
    with pytest.raises(PermissionDenied, match="banned"):
        await members.let_in(node)
    with pytest.raises(PermissionDenied):
        await members.enrolled()
    assert members.nodes.kept.revoked == {node.nkey: members.now_s * 1000}
    await members.nodes.remove(node.id)
    assert await members.nodes.list() == ()
    with pytest.raises(Unauthenticated, match="not a node here any more"):
        await members.let_in(node)
    assert (await members.enrolled()).id != node.id


@RULES
async def test_a_node_is_renamed(database: Database) -> None:
    """To a name that is a name, and that no other node has."""
    members = Membership(database)
    node = await members.enrolled()
    await members.enrolled(key=nkey("B"), name="other")
    assert (await members.nodes.change(node.id, called="attic")).name == "attic"
    assert (await members.nodes.change("attic", called="attic")).name == "attic"
    with pytest.raises(Conflict, match="already"):
        await members.nodes.change("attic", called="other")
    for name in ("node_x", "a b", ""):
        with pytest.raises(BadRequest, match="name"):
            await members.nodes.change("attic", called=name)


@RULES
async def test_unknown_nodes(database: Database) -> None:
    """Whatever is done with a node that is not there, there is none."""
    members = Membership(database)
    for use in (
        members.nodes.get("x"),
        members.nodes.get("\0"),
        members.nodes.remove("x"),
        members.nodes.change("x", to="banned"),
    ):
        with pytest.raises(NotFound):
            await use


async def test_changes_elsewhere_are_followed(database: Database) -> None:
    """A follower hears of all nodes at once, then whenever another gateway has changed one."""
    here, there = Membership(database), Membership(database, seed=2)
    told: list[Kept] = []
    here.nodes.follow(told.append)
    node = await there.enrolled()
    await here.nodes.refresh()
    await here.nodes.refresh()
    await there.nodes.change(node.id, to="drained")
    await there.let_in(node)  # a lease is no change
    await here.nodes.refresh()
    assert [[one.state for one in kept.nodes] for kept in told] == [[], ["active"], ["drained"]]


async def test_when_a_node_was_seen(database: Database) -> None:
    """It is noted from time to time, and never goes back."""
    members = Membership(database)
    node = await members.enrolled()
    members.clock.advance(60)
    await members.nodes.note_seen([node.id, "gone"])
    await members.nodes.note_seen([])
    assert (await members.nodes.get(node.id)).seen_at_ms == node.created_at_ms + 60_000


async def test_what_nodes_served_is_known_to_whoever_begins(database: Database) -> None:
    """It is read once, at the beginning: later on nodes are heard."""
    members = Membership(database)
    node = await members.enrolled()
    await members.nodes.note_hellos({node.id: HELLO})
    await members.nodes.note_hellos({node.id: HELLO})  # nothing is written for it
    other = Membership(database, seed=2)
    await other.nodes.refresh()
    assert other.nodes.kept.hellos == {node.id: HELLO}
    await members.nodes.note_hellos({node.id: replace(HELLO, slots=3)})
    await members.nodes.change(node.id, called="loft")
    await other.nodes.refresh()
    assert [one.name for one in other.nodes.kept.nodes] == ["loft"]
    assert other.nodes.kept.hellos == {node.id: HELLO}


async def test_a_node_is_tagged(database: Database) -> None:
    """By its operator, with words that are tags; other changes leave them as they are."""
    members = Membership(database)
    node = await members.enrolled()
    assert node.tags == frozenset()
    assert (await members.nodes.change(node.id, tags=frozenset({"gpu", "eu"}))).tags == {"eu", "gpu"}
    assert (await members.nodes.change(node.id, called="attic", to="drained")).tags == {"eu", "gpu"}
    assert [one.tags for one in await members.nodes.list()] == [{"eu", "gpu"}]
    for tags in ({"a b"}, {"EU"}, {""}, {"eu+gpu"}, {str(number) for number in range(17)}):
        with pytest.raises(BadRequest, match="tags"):
            await members.nodes.change(node.id, tags=frozenset(tags))
    assert (await members.nodes.change("attic", tags=frozenset())).tags == frozenset()
