"""Rules that nodes keep by themselves."""

from __future__ import annotations

import pytest

from antiphon.nodes.model import Node, State, broken, change_fault, name_fault

from .membership import nkey

GOOD = Node("node_1", "attic", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", nkey())


def test_a_good_node_breaks_nothing() -> None:
    """A name, a wallet with its checksum, a key of the broker's form."""
    assert list(broken(GOOD)) == []


@pytest.mark.parametrize(
    ("field", "node"),
    [
        ("name", Node("i", "-a", GOOD.owner, GOOD.nkey)),
        ("nkey", Node("i", "a", GOOD.owner, "SU" + "A" * 54)),
        ("address", Node("i", "a", GOOD.owner.lower(), GOOD.nkey)),
        ("address", Node("i", "a", "somebody", GOOD.nkey)),
    ],
)
def test_what_is_wrong_is_named(field: str, node: Node) -> None:
    """With the field that has to change."""
    assert [name for name, _ in broken(node)] == [field]


def test_a_name_is_no_id() -> None:
    """What begins like an id could be taken for one."""
    assert name_fault("node-1") is None
    assert name_fault("node_1") is not None


@pytest.mark.parametrize(
    ("before", "after", "fine"),
    [
        ("active", "drained", True),
        ("drained", "active", True),
        ("drained", "banned", True),
        ("banned", "banned", True),
        ("banned", "active", False),
        ("banned", "drained", False),
    ],
)
def test_a_ban_stays(before: State, after: State, *, fine: bool) -> None:
    """Only removing the node ends it."""
    assert (change_fault(before, after) is None) == fine
