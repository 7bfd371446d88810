"""Completions that came about elsewhere, and the campaigns that they take part in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.campaigns.assignment import unit_hash
from antiphon.campaigns.joining import Joining
from antiphon.campaigns.model import Campaign
from antiphon.errors import AntiphonError, BadRequest, Conflict, NotFound
from antiphon.interactions.model import Interaction
from antiphon.projects.model import Project
from tests.unit.campaigns.drafts import PROJECT_ID, draft, variant
from tests.unit.campaigns.test_entering import One
from tests.unit.interactions.stored import row

RUNNING = draft(status="running", variants=(variant("a"), variant("b", model="large"), variant("c", model="other")))
PROJECTS = {PROJECT_ID: Project(PROJECT_ID, "p", "P", default_model="small")}
ADDED = row(1, project_id=PROJECT_ID, model="large", user="ann", session_id="s")


def joined(added: Interaction = ADDED, name: str = "c", campaign: Campaign = RUNNING) -> Interaction:
    """What is kept where there is one campaign."""
    known = One(campaign)
    return Joining(known, known, lambda: PROJECTS)(added, name)


def test_the_model_tells_the_variant() -> None:
    """The project's own model where the variant has none; the campaign by its key, and by its id."""
    assert [joined(replace(ADDED, model=model)).variant for model in ("small", "large", "other")] == ["a", "b", "c"]
    assert joined(name="c-id").campaign == "c"


@pytest.mark.parametrize(
    ("added", "unit"),
    [
        (ADDED, "user ann"),
        (replace(ADDED, user=None), "session s"),
        (replace(ADDED, user=None, session_id=None), f"request {ADDED.completion_id}"),
    ],
)
def test_the_unit_is_that_of_requests(added: Interaction, unit: str) -> None:
    """So that a user counts once, wherever the answers came from."""
    assert joined(added).unit == unit_hash(RUNNING, unit)


@pytest.mark.parametrize(
    ("added", "name", "campaign", "error"),
    [
        (ADDED, "nothing", RUNNING, NotFound),
        (replace(ADDED, account="bob"), "c", RUNNING, NotFound),
        (replace(ADDED, project_id="another"), "c", RUNNING, BadRequest),
        (ADDED, "c", replace(RUNNING, status="stopped"), Conflict),
        (replace(ADDED, model="elsewhere"), "c", RUNNING, BadRequest),
        (replace(ADDED, model=None), "c", RUNNING, BadRequest),
        (ADDED, "c", replace(RUNNING, variants=(variant("a", model="large"), variant("b", model="large"))), BadRequest),
    ],
)
def test_what_is_of_no_campaign(added: Interaction, name: str, campaign: Campaign, error: type[AntiphonError]) -> None:
    """Is refused: it would not count as its sender thinks."""
    with pytest.raises(error):
        joined(added, name, campaign)
