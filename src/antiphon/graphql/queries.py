"""The queries of the schema, field by field."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.errors import NotFound, ProjectNotFound
from antiphon.graphql import campaign_views, connections, filters, model_views
from antiphon.graphql.campaign_views import CampaignView
from antiphon.graphql.completion_views import CompletionView
from antiphon.graphql.connections import CompletionConnection, GroupConnection
from antiphon.graphql.inputs import CampaignFilter, CompletionFilter, CursorPage, GroupBy, ModelFilter, OrderPair
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.model_views import ModelView
from antiphon.graphql.project_views import ProjectView
from antiphon.graphql.reading import Reading
from antiphon.interactions.model import Filter

CAMPAIGNS_SHOWN_MAX = 200


class User(Struct, frozen=True):
    """Whoever the key belongs to: an account, which has one name."""

    id: str
    email: str
    name: str
    created_at: int = 0  # no account of the settings has a beginning
    teams: tuple[str, ...] = ()


class Queries:
    """What may be asked. Whatever is named and not there is null; what a filter refers to is an error."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def me(self) -> User:
        """The account of the key."""
        account = self._reading.key.account
        return User(account, account, account)

    async def projects(self) -> list[ProjectView]:
        """All that the key may use."""
        return [await self._reading.project_view(one) for one in self._reading.visible_projects()]

    async def project(self, id_or_key: str) -> ProjectView | None:
        """One."""
        try:
            return await self._reading.project_view(self._reading.project(id_or_key))
        except ProjectNotFound:
            return None

    def models(self, wanted: ModelFilter) -> list[ModelView]:
        """All that the key may use."""
        shown = [(model, self._reading.model_view(model)) for model in self._reading.models()]
        return [view for model, view in shown if model_views.fits(model, view.online, wanted)]

    def model(self, id_or_key: str) -> ModelView | None:
        """One, by id or alias."""
        wanted = self._reading.model_id(id_or_key)
        found = next((model for model in self._reading.models() if model.id == wanted), None)
        return None if found is None else self._reading.model_view(found)

    async def metrics(self) -> list[MetricView]:
        """All of the account."""
        return list((await self._reading.metrics()).values())

    async def metric(self, metric_id_or_key: str, project_id_or_key: str) -> MetricView | None:
        """One."""
        self._reading.project(project_id_or_key)
        return await self._reading.metric(metric_id_or_key)

    async def completion(self, project: str, completion_id: str) -> CompletionView | None:
        """One."""
        return await self._reading.completion(self._reading.project(project), completion_id)

    async def completions(
        self, wanted: CompletionFilter, page: CursorPage, order: Sequence[OrderPair] | None = None
    ) -> CompletionConnection:
        """A part of those that the filter lets through."""
        return await connections.completions(self._reading, await self._filter(wanted), filters.part(page, order))

    async def completions_grouped(
        self,
        group_by: GroupBy,
        wanted: CompletionFilter,
        page: CursorPage,
        order: Sequence[OrderPair] | None = None,
    ) -> GroupConnection:
        """A part of the groups of those that the filter lets through."""
        return await connections.groups(
            self._reading, await self._filter(wanted), group_by, filters.part_of_groups(page, order)
        )  # fmt: skip

    async def ab_campaigns(self, wanted: CampaignFilter) -> list[CampaignView]:
        """Those that the filter lets through, of the newest 200 of the project."""
        project = None if wanted.project is None else self._reading.project(wanted.project)
        found = [
            one
            for one in await self._reading.campaigns()
            if (project is None or one.project_id == project.id) and wanted.active in (None, campaign_views.active(one))
        ]
        shown = [await self._reading.campaign_view(one) for one in found[:CAMPAIGNS_SHOWN_MAX]]
        return [one for one in shown if wanted.status in (None, one.status)]

    async def ab_campaign(self, id_or_key: str) -> CampaignView | None:
        """One, archived or not."""
        try:
            return await self._reading.campaign_view(await self._reading.campaign(id_or_key))
        except NotFound:
            return None

    async def _filter(self, wanted: CompletionFilter) -> Filter:
        """The filter; a project or a metric that is not there is refused."""
        narrowed = filters.wanted(wanted, self._reading.project(wanted.project).id, self._reading.model_id)
        if narrowed.rating is not None:
            await self._reading.services.metrics.get(self._reading.key.account, narrowed.rating.metric)
        return narrowed
