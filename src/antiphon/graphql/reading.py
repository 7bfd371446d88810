"""What one request reads for its answer, within what its key may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from antiphon.campaigns.entering import missing as missing_campaign
from antiphon.campaigns.model import Campaign
from antiphon.campaigns.service import Campaigns
from antiphon.errors import NotFound
from antiphon.feedback.comparing import Comparisons
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.model import Comparison
from antiphon.feedback.scores import Scores
from antiphon.feedback.service import Feedbacks
from antiphon.graphql import campaign_views, completion_views, metric_views, model_views, project_views
from antiphon.graphql.campaign_views import CampaignView
from antiphon.graphql.completion_views import CompletionView, Said
from antiphon.graphql.gathering import Gathering
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.model_views import ModelView
from antiphon.graphql.project_views import ModelService, ProjectView
from antiphon.graphql.summaries import of_project
from antiphon.interactions.access import Projects as ProjectsByName
from antiphon.interactions.access import find_project, reach
from antiphon.interactions.groups import Groups
from antiphon.interactions.model import Filter, Interaction, Reach
from antiphon.interactions.paging import Paging
from antiphon.interactions.service import Interactions
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue, Model
from antiphon.models.placement import Placement
from antiphon.projects.model import Project
from antiphon.projects.resolve import visible
from antiphon.projects.service import Projects


class Services(Struct, frozen=True):
    """What the schema is mapped on: the same services as all other addresses."""

    catalogue: Catalogue
    placement: Placement
    projects: Projects
    interactions: Interactions
    groups: Groups
    feedbacks: Feedbacks
    comparisons: Comparisons
    metrics: FeedbackMetrics
    scores: Scores
    campaigns: Campaigns
    gathering: Gathering


class Reading:
    """One caller's view of everything; what one answer needs many times is made once."""

    def __init__(self, services: Services, key: Key) -> None:
        self.services = services
        self.key = key
        self.forget()

    def forget(self) -> None:
        """Look at everything again: something was changed."""
        self._metrics: dict[str, MetricView] | None = None
        self._visible: list[Project] | None = None
        self._model_ids: dict[str, frozenset[str]] = {}
        self._model_views: dict[str, ModelView] = {}

    @property
    def projects(self) -> ProjectsByName:
        """Each project under its key and under its id."""
        return self.services.projects.by_name

    @property
    def reach(self) -> Reach:
        """The interactions that the key may see."""
        return reach(self.key, self.projects)

    def project(self, name: str) -> Project:
        """The project of that id or key; ProjectNotFound, or PermissionDenied when the key is limited to others."""
        return find_project(name, self.key, self.projects, "project")

    def visible_projects(self) -> list[Project]:
        """The projects that the key may use."""
        if self._visible is None:
            self._visible = list(visible(self.key, self.projects).values())
        return self._visible

    def models(self) -> list[Model]:
        """The models that the key may use."""
        allowed = self.key.models
        return [model for model in self.services.catalogue.list() if not allowed or model.id in allowed]

    def model_id(self, name: str) -> str:
        """The id of a model by any of its names; a name that nobody knows stays, for what is stored of it."""
        return self.services.catalogue.id_of(name) or name

    def model_view(self, model: Model) -> ModelView:
        """A model, and the projects that have it."""
        known = self._model_views.get(model.id)
        if known is None:
            projects = [one for one in self.visible_projects() if self._has(one, model)]
            known = model_views.shown(model, self.services.placement.state(model), tuple(map(of_project, projects)))
            self._model_views[model.id] = known
        return known

    def models_of(self, project: Project) -> list[Model]:
        """The models that the project has and the key may use."""
        return [model for model in self.models() if self._has(project, model)]

    def service(self, project: Project, model: Model) -> ModelService:
        """A model as the project has it."""
        default = project.default_model is not None and self.model_id(project.default_model) == model.id
        return project_views.service(self.model_view(model), is_default=default)

    async def project_view(self, project: Project) -> ProjectView:
        """A project in full."""
        services = [self.service(project, model) for model in self.models_of(project)]
        metrics = list((await self.metrics()).values())
        return project_views.shown(project, metrics, services, sorted(self.key.scopes))

    async def metrics(self) -> dict[str, MetricView]:
        """The account's metrics by their ids."""
        if self._metrics is None:
            account = self.key.account
            found, used = await self.services.metrics.list(account), await self.services.scores.used(account)
            projects = [of_project(one) for one in self.visible_projects()]
            self._metrics = {one.id: metric_views.shown(one, used, projects) for one in found}
        return self._metrics

    async def metric(self, name: str) -> MetricView | None:
        """The account's metric of that id or key."""
        return next((one for one in (await self.metrics()).values() if name in (one.id, one.key)), None)

    async def campaigns(self) -> list[Campaign]:
        """The account's campaigns that the key may see, the newest first; archived ones are not among them."""
        return [one for one in await self.services.campaigns.list(self.key.account) if self._sees(one)]

    async def campaign(self, name: str) -> Campaign:
        """The campaign of that id or key; NotFound when there is none that the key may see."""
        found = await self.services.campaigns.get(self.key.account, name)
        if not self._sees(found):
            raise missing_campaign(name, "campaign")
        return found

    async def campaign_view(self, campaign: Campaign) -> CampaignView:
        """A campaign with what it has gathered."""
        verdict = await self.services.gathering.of(campaign)
        goals = [goal.metric for goal in campaign.goals[:1] if goal.kind != "measure"]
        metric = await self.metric(goals[0]) if goals else None
        project = self.projects.get(campaign.project_id)
        return campaign_views.shown(campaign, verdict, metric, None if project is None else of_project(project))

    async def completion(self, project: Project, completion_id: str) -> CompletionView | None:
        """One completion of the project."""
        try:
            found = await self.services.interactions.get(self.reach, completion_id)
        except NotFound:
            return None
        return (await self.completions([found]))[0] if found.project_id == project.id else None

    async def completions(self, rows: Sequence[Interaction]) -> list[CompletionView]:
        """Completions with what was said of each."""
        if not rows:
            return []
        account, ids = self.key.account, [row.completion_id for row in rows]
        comparisons = await self.services.comparisons.of(account, ids)
        said = Said(
            feedback=await self.services.feedbacks.of(account, ids),
            comparisons=comparisons,
            compared=await self._compared(comparisons),
            metrics=await self.metrics(),
            projects={one.id: of_project(one) for one in self.visible_projects()},
        )
        return [completion_views.shown(row, said) for row in rows]

    async def _compared(self, comparisons: Sequence[Comparison]) -> Mapping[str, Interaction]:
        """The completions that were compared, as far as the key may see them."""
        ids = tuple(dict.fromkeys(side for one in comparisons for side in (one.preferred_id, one.other_id)))
        if not ids:
            return {}
        page = await self.services.interactions.page(
            self.reach, Filter(completion_ids=ids), Paging(limit=len(ids))
        )  # fmt: skip
        return {row.completion_id: row for row in page.items}

    def _sees(self, campaign: Campaign) -> bool:
        return self.reach.projects is None or campaign.project_id in self.reach.projects

    def _has(self, project: Project, model: Model) -> bool:
        """Whether the project has the model; its own list may name it by an alias, and an empty one has all."""
        if not project.models:
            return True
        if project.id not in self._model_ids:
            self._model_ids[project.id] = frozenset(map(self.model_id, project.models))
        return model.id in self._model_ids[project.id]
