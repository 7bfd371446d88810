"""Which requests take part in a campaign, and which are refused."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.campaigns.assignment import takes_part
from antiphon.campaigns.entering import Entered, entered
from antiphon.campaigns.model import Campaign, Status
from antiphon.chat import ChatRequest, Message
from antiphon.errors import AntiphonError, BadRequest, Conflict, NotFound, PermissionDenied
from antiphon.key import Key
from antiphon.projects.model import Project
from antiphon.projects.resolve import Target
from tests.unit.campaigns.drafts import ACCOUNT, PROJECT_ID, draft, variant

KEY = Key(ACCOUNT)
PROJECT = Project(PROJECT_ID, "p", "P", default_model="small")
LEFT_OPEN = Target(PROJECT, "small", named=False)
ASKED = ChatRequest("p", (Message("user", "hi"),))
FORCED = replace(ASKED, campaign="c")
RUNNING = draft(status="running", variants=(variant("a"), variant("b", model="large")))


class One:
    """Knows one campaign, and three models."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def running(self, account: str, project_id: str) -> Campaign | None:
        """It, if it runs."""
        one = self._campaign
        return one if one.status == "running" and (account, project_id) == (one.account, one.project_id) else None

    def find(self, account: str, name: str) -> Campaign | None:
        """It, by its names."""
        one = self._campaign
        return one if account == one.account and name in (one.id, one.key) else None

    def id_of(self, name: str) -> str | None:
        """The same name, of a model that is served."""
        return name if name in ("small", "large", "other") else None

    def first(self) -> str | None:
        """The first of them."""
        return "small"


def enter(
    request: ChatRequest = ASKED,
    target: Target = LEFT_OPEN,
    *,
    campaign: Campaign = RUNNING,
    key: Key = KEY,
    answer_id: str = "answer",
) -> Entered | None:
    """What becomes of a request where there is one campaign."""
    known = One(campaign)
    return entered(request, target, key, answer_id, known, known)


def got(
    request: ChatRequest = ASKED, target: Target = LEFT_OPEN, campaign: Campaign = RUNNING, answer_id: str = "answer"
) -> str:
    """The key of the variant that a request gets."""
    found = enter(request, target, campaign=campaign, answer_id=answer_id)
    assert found is not None
    assert found.assigned.variant == found.variant.key
    return found.variant.key


def test_a_request_that_leaves_the_model_open_takes_part() -> None:
    """What is told of it names the campaign by id and key."""
    found = enter()
    assert found is not None
    assert (found.assigned.campaign_id, found.assigned.campaign) == ("c-id", "c")


@pytest.mark.parametrize(
    ("target", "campaign", "key"),
    [
        (Target(PROJECT, "small"), RUNNING, KEY),
        (Target(None, "small"), RUNNING, KEY),
        (Target(Project("other", "o", "O"), "small", named=False), RUNNING, KEY),
        (LEFT_OPEN, replace(RUNNING, status="paused"), KEY),
        (LEFT_OPEN, RUNNING, Key("bob")),
        (LEFT_OPEN, replace(RUNNING, share=0.0), KEY),
        (LEFT_OPEN, RUNNING, Key(ACCOUNT, models=frozenset({"small"}))),
    ],
    ids=["model named", "no project", "other project", "paused", "other account", "no share", "model not allowed"],
)
def test_what_takes_no_part(target: Target, campaign: Campaign, key: Key) -> None:
    """It gets what the project says, and is not refused."""
    assert enter(ASKED, target, campaign=campaign, key=key) is None


def test_a_user_keeps_the_variant() -> None:
    """Whatever the session and the request; without a user it is the session that keeps it."""
    named = replace(ASKED, user="u1")
    assert len({got(replace(named, session_id=f"s{i}"), answer_id=f"r{i}") for i in range(30)}) == 1
    assert len({got(replace(ASKED, session_id="s1"), answer_id=f"r{i}") for i in range(30)}) == 1
    assert len({got(answer_id=f"r{i}") for i in range(30)}) == 2


def test_what_is_kept_together_can_be_set() -> None:
    """By session although there is a user, or by nothing at all."""
    named = replace(ASKED, user="u1")
    by_session, by_request = replace(RUNNING, unit="session"), replace(RUNNING, unit="request")
    assert len({got(replace(named, session_id=f"s{i}"), campaign=by_session) for i in range(30)}) == 2
    assert len({got(replace(named, session_id="s1"), campaign=by_request, answer_id=f"r{i}") for i in range(30)}) == 2


def test_the_share_is_of_users() -> None:
    """Who is outside stays outside, with every request."""
    few = replace(RUNNING, share=0.2)
    for number in range(50):
        asked = replace(ASKED, user=f"u{number}")
        assert (enter(asked, campaign=few) is not None) == takes_part(few, f"user u{number}")


def test_a_named_campaign_takes_the_request_whatever_the_share() -> None:
    """With the variant that its user has anyway; by id or key."""
    none = replace(RUNNING, share=0.0)
    named = replace(ASKED, user="u1")
    assert got(replace(named, campaign="c"), campaign=none) == got(named)
    assert got(replace(named, campaign="c-id"), campaign=none) == got(named)


def test_a_named_campaign_and_a_model_of_its_variants() -> None:
    """Only the variants with that model are left; one without a model has the project's default.

    Such a request has no unit, since nothing was drawn for it.
    """
    for number in range(20):
        asked = replace(FORCED, user=f"u{number}")
        found, drawn = enter(asked, Target(PROJECT, "large")), enter(asked)
        assert found is not None
        assert drawn is not None
        assert found.assigned.unit is None
        assert drawn.assigned.unit is not None
        assert got(asked, Target(PROJECT, "large")) == "b"
        assert got(asked, Target(PROJECT, "small")) == "a"


@pytest.mark.parametrize(
    ("request_", "target", "campaign", "key", "error", "code"),
    [
        (replace(FORCED, campaign="x"), LEFT_OPEN, RUNNING, KEY, NotFound, "campaign_not_found"),
        (FORCED, LEFT_OPEN, RUNNING, Key("bob"), NotFound, "campaign_not_found"),
        (FORCED, Target(None, "small"), RUNNING, KEY, BadRequest, "invalid_value"),
        (FORCED, Target(Project("o-id", "o", "O"), "small"), RUNNING, KEY, BadRequest, "invalid_value"),
        (FORCED, Target(PROJECT, "other"), RUNNING, KEY, BadRequest, "invalid_value"),
        (FORCED, LEFT_OPEN, RUNNING, Key(ACCOUNT, models=frozenset({"small"})), PermissionDenied, "permission_denied"),
    ],
    ids=["unknown", "of another account", "no project", "other project", "other model", "model not allowed"],
)
def test_a_named_campaign_that_cannot_be_had(
    request_: ChatRequest, target: Target, campaign: Campaign, key: Key, error: type[AntiphonError], code: str
) -> None:
    """The request is refused: it never silently gets what the project says."""
    with pytest.raises(error) as refused:
        enter(request_, target, campaign=campaign, key=key)
    assert refused.value.code == code
    if error is not PermissionDenied:
        assert refused.value.param == "ab_campaign"


@pytest.mark.parametrize("status", ["draft", "paused", "stopped"])
def test_a_named_campaign_that_does_not_run(status: Status) -> None:
    """Conflict, with what it is instead."""
    with pytest.raises(Conflict, match=rf"'c' is not running but {status}\.$") as refused:
        enter(FORCED, campaign=replace(RUNNING, status=status))
    assert refused.value.code == "campaign_not_running"


def test_a_dropped_variant_is_given_to_nobody() -> None:
    """Not even by its model."""
    campaign = replace(RUNNING, variants=(variant("a"), variant("b", model="large", dropped=True)))
    assert {got(answer_id=f"r{i}", campaign=campaign) for i in range(30)} == {"a"}
    with pytest.raises(BadRequest, match="no variant"):
        enter(FORCED, Target(PROJECT, "large"), campaign=campaign)


def test_what_one_variant_cannot_serve_takes_no_part() -> None:
    """Whichever variant it would have got; one that asks for the campaign gets it, and is refused by what it got."""
    for number in range(20):
        asked = replace(ASKED, user=f"u{number}")
        known = One(RUNNING)
        assert entered(asked, LEFT_OPEN, KEY, "answer", known, known, lambda model: model != "large") is None
        assert entered(asked, LEFT_OPEN, KEY, "answer", known, known, lambda _: True) is not None
        forced = replace(asked, campaign="c")
        assert entered(forced, LEFT_OPEN, KEY, "answer", known, known, lambda _: False) is not None
