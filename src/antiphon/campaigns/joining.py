"""A completion that came about elsewhere takes part in a campaign where whoever adds it says so. Pure.

Which variant it is of, its model tells; that chance chose the model is for whoever adds it to see to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from antiphon.campaigns.assignment import unit_hash, unit_name
from antiphon.campaigns.entering import PARAM, Known, missing
from antiphon.campaigns.model import Campaign, Variant
from antiphon.errors import BadRequest, Conflict
from antiphon.interactions.model import Interaction
from antiphon.projects.model import Project
from antiphon.projects.resolve import Served, shown


class Joining:
    """Finds campaign and variant of an interaction by the campaign's id or key, and by the model."""

    def __init__(self, known: Known, served: Served, projects: Callable[[], Mapping[str, Project]]) -> None:
        self._known = known
        self._served = served
        self._projects = projects

    def __call__(self, row: Interaction, name: str) -> Interaction:
        """The interaction as one of the campaign; what it cannot be part of is refused."""
        campaign = self._known.find(row.account, name)
        if campaign is None:
            raise missing(name)
        if campaign.project_id != row.project_id:
            raise BadRequest(f"{PARAM}: the campaign {shown(name)} is of another project.", param=PARAM)
        if campaign.status != "running":
            message = f"{PARAM}: the campaign {shown(name)} is not running but {campaign.status}."
            raise Conflict(message, param=PARAM, code="campaign_not_running")
        variant = self._variant(campaign, row.model)
        unit = unit_name(campaign, user=row.user, session_id=row.session_id, request=row.completion_id)
        return replace(row, campaign=campaign.key, variant=variant.key, unit=unit_hash(campaign, unit))

    def _variant(self, campaign: Campaign, model: str | None) -> Variant:
        """The one variant with that model; BadRequest where there is none, or no telling which."""
        project = self._projects().get(campaign.project_id)
        default = None if project is None else project.default_model
        fitting = [one for one in campaign.variants if self._id_of(one.model or default) == self._id_of(model)]
        if model is None or len(fitting) != 1:
            rule = f"expected the model of one variant of the campaign {campaign.key!r}"
            raise BadRequest(f"model_service: {rule}.", param="model_service")
        return fitting[0]

    def _id_of(self, name: str | None) -> str | None:
        return None if name is None else self._served.id_of(name) or name
