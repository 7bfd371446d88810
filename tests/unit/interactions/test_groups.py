"""Groups as a service: what is on its way counts too."""

from __future__ import annotations

from antiphon.db import Database
from antiphon.interactions.group_store import Group, GroupPaging
from antiphon.interactions.groups import Groups
from antiphon.interactions.model import Filter
from antiphon.interactions.service import Interactions
from tests.unit.interactions.stored import ANN, row


async def test_what_is_on_its_way_is_waited_for(database: Database, interactions: Interactions) -> None:
    """As in every other list."""
    groups = Groups(database, interactions)
    interactions.record([row(1), row(2)])
    assert await groups.page(ANN, Filter(), "model", GroupPaging(5)) == (Group("m", 2),)
    interactions.record([row(3, model="n")])
    assert await groups.count(ANN, Filter(), "model") == 2
