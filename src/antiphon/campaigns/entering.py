"""Whether a request takes part in a campaign, and with which variant. Pure.

By itself a request takes part where it names a project and no model, and the project has a campaign that runs. With
`ab_campaign` it takes part whatever the share, or is refused: it never silently gets what the project says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from antiphon.campaigns.assignment import takes_part, unit_hash, unit_name, variant_of
from antiphon.campaigns.model import Campaign, Variant
from antiphon.chat import ChatRequest
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied
from antiphon.key import Key
from antiphon.projects.model import Project
from antiphon.projects.resolve import Served, Target, shown

PARAM = "ab_campaign"


Fits = Callable[[str], bool]  # whether the model of that name can serve a request


class Known(Protocol):
    """The campaigns that requests can take part in, or are told why not."""

    def running(self, account: str, project_id: str) -> Campaign | None:
        """The one that takes the account's requests of that project by itself."""
        ...

    def find(self, account: str, name: str) -> Campaign | None:
        """The account's campaign of that id or key, unless it is archived."""
        ...


class NoCampaigns:
    """There is no campaign that a request could take part in."""

    def running(self, account: str, project_id: str) -> Campaign | None:  # noqa: ARG002 - as Known asks
        """None runs."""
        return None

    def find(self, account: str, name: str) -> Campaign | None:  # noqa: ARG002
        """None has that name."""
        return None


class Assigned(Struct, frozen=True):
    """What a request was given: a variant of a campaign, as it is told of in records.

    `unit` stands for what was assigned. A request that named the model itself has none: it chose its variant, and says
    nothing of what others, who did not choose, would have got from it.
    """

    campaign_id: str
    campaign: str  # its key
    variant: str  # its key
    unit: int | None


class Entered(Struct, frozen=True):
    """A request that takes part: which variant it gets, and how records tell of it."""

    variant: Variant
    assigned: Assigned


def entered(
    request: ChatRequest,
    target: Target,
    key: Key,
    answer_id: str,
    known: Known,
    served: Served,
    fits: Fits | None = None,
) -> Entered | None:
    """What the request takes part in, None for nothing; what it asks for and cannot have is refused.

    `fits` tells which models can serve such a request at all, None: there is nothing special about it.
    """
    project = target.project
    if request.campaign is not None:
        campaign = _named(request.campaign, project, key, known)
        assert project is not None, "checked when the campaign was found"
        variants = _fitting(campaign, target, project, served)
        if not _may_use(key, variants, served):
            raise PermissionDenied(f"This key may not use all models of the campaign {campaign.key!r}.")
        given = _assigned(campaign, variants, request, answer_id)
        return replace(given, assigned=replace(given.assigned, unit=None)) if target.named else given
    if target.named or project is None:
        return None
    found = known.running(key.account, project.id)
    if found is None or not takes_part(found, _unit(found, request, answer_id)):
        return None
    variants = found.open
    # What would be refused with some variants only gets what the project says: a key without leave for one of the
    # models, an image that one of them does not take.
    models = [one.model or target.model for one in variants]
    if not _may_use(key, variants, served) or (fits is not None and not all(map(fits, models))):
        return None
    return _assigned(found, variants, request, answer_id)


def missing(name: str, param: str = PARAM) -> NotFound:
    """The refusal of a campaign that the account does not have."""
    message = f"{param}: the campaign {shown(name)} does not exist."
    return NotFound(message, param=param, code="campaign_not_found")


def _named(name: str, project: Project | None, key: Key, known: Known) -> Campaign:
    campaign = known.find(key.account, name)
    if campaign is None:
        raise missing(name)
    if project is None or campaign.project_id != project.id:
        message = f"{PARAM}: the campaign {shown(name)} is of another project than the one that `model` names."
        raise BadRequest(message, param=PARAM)
    if campaign.status != "running":
        message = f"{PARAM}: the campaign {shown(name)} is not running but {campaign.status}."
        raise Conflict(message, param=PARAM, code="campaign_not_running")
    return campaign


def _fitting(campaign: Campaign, target: Target, project: Project, served: Served) -> tuple[Variant, ...]:
    """All variants; beside a model of the request's own, those of that model."""
    if not target.named:
        return campaign.open
    fitting = tuple(one for one in campaign.open if _model(one, project, served) == target.model)
    if not fitting:
        rule = f"no variant of the campaign {campaign.key!r} has the model {shown(target.model)}"
        raise BadRequest(f"{PARAM}: {rule}.", param=PARAM)
    return fitting


def _model(variant: Variant, project: Project, served: Served) -> str | None:
    name = variant.model or project.default_model
    return None if name is None else served.id_of(name)


def _may_use(key: Key, variants: tuple[Variant, ...], served: Served) -> bool:
    """Whether no variant has a model that the key is not allowed; one that is not served now is judged by its name."""
    if not key.models:
        return True
    return all(one.model is None or (served.id_of(one.model) or one.model) in key.models for one in variants)


def _assigned(campaign: Campaign, variants: tuple[Variant, ...], request: ChatRequest, answer_id: str) -> Entered:
    unit = _unit(campaign, request, answer_id)
    variant = variant_of(campaign, unit, variants)
    return Entered(variant, Assigned(campaign.id, campaign.key, variant.key, unit_hash(campaign, unit)))


def _unit(campaign: Campaign, request: ChatRequest, answer_id: str) -> str:
    return unit_name(campaign, user=request.user, session_id=request.session_id, request=answer_id)
