"""The mutations of the schema, field by field. What changes things for others takes the scope `admin`."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from antiphon.campaigns.model import Campaign, Goal, GoalKind
from antiphon.errors import BadRequest, ModelNotFound, PermissionDenied
from antiphon.feedback.model import Metric
from antiphon.feedback.service import Given
from antiphon.graphql import campaign_views, completion_views
from antiphon.graphql.campaign_views import CampaignView
from antiphon.graphql.completion_views import DirectScore
from antiphon.graphql.inputs import (
    AddModels,
    CampaignCreate,
    DeployModel,
    MetricCreate,
    ProjectCreate,
    RemoveModel,
    ScoreAdd,
    UpdateModelService,
)
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.project_views import ModelService, ProjectView
from antiphon.graphql.reading import Reading
from antiphon.models.catalogue import Model
from antiphon.projects.model import Project
from antiphon.projects.resolve import require_use, shown
from antiphon.projects.service import Change

FLOOR = 0.1  # the least share of a variant, should its campaign adapt weights one day
REASON_CHARACTERS_MAX = 64
DETAILS_CHARACTERS_MAX = 16_384


class ModelFailure(Struct, frozen=True):
    """Why a project does not have a model."""

    model: str
    reason: str


class AddedModels(Struct, frozen=True):
    """What became of models that a project was to have: all of them, or none."""

    failures: list[ModelFailure]
    success: bool


class Deployment(Struct, frozen=True):
    """A model as the project has it."""

    model_service: ModelService
    warnings: list[str]


class Mutations:
    """What may be changed, and said."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def create_project(self, given: ProjectCreate) -> ProjectView:
        """Make a project; BadRequest for what no project has here."""
        self._require_admin()
        if given.key is None:
            raise BadRequest("key: required.", param="key", code="missing_required_parameter")
        if given.team is not None:
            raise BadRequest("team: there are no teams here.", param="team")
        if given.settings is not None and given.settings.default_metric is not None:
            raise BadRequest("settings.defaultMetric: a project has no metric of its own.", param="settings")
        draft = Project("", given.key, given.name, given.description or "")
        require_use(self._reading.key, draft)
        made = await self._reading.services.projects.create(draft)
        self._reading.forget()
        return await self._reading.project_view(made)

    async def create_metric(self, project: str, given: MetricCreate) -> MetricView:
        """Make a metric of the account, whichever of its projects is named."""
        self._require_admin()
        self._reading.project(project)
        draft = Metric(
            id="",
            account=self._reading.key.account,
            key=given.name if given.key is None else given.key,
            name=given.name,
            kind=given.kind,
            scoring_type=given.scoring_type,
            description=given.description or "",
        )
        made = await self._reading.services.metrics.create(draft)
        self._reading.forget()
        return (await self._reading.metrics())[made.id]

    async def add_models_to_project(self, given: AddModels) -> AddedModels:
        """Let a project have models; one that has all has these already."""
        project = self._changeable(given.project)
        failures, models = [], []
        for name in given.models:
            try:
                models.append(self._model(name).id)
            except ModelNotFound as error:
                failures.append(ModelFailure(name, error.message))
        if project.models and not failures:
            await self._change(project, lambda before: replace(before, models=_with(before.models, models)))
        return AddedModels(failures, not failures)

    async def deploy_model(self, given: DeployModel) -> Deployment:
        """The model as the project has it: whether it is served, no project decides."""
        _refuse_machines(given)
        project = self._changeable(given.project)
        service = self._service(project, given.model)
        warning = f"No engine serves the model {service.key!r} now."
        return Deployment(service, [warning] if service.model.online == "OFFLINE" else [])

    async def update_model_service(self, given: UpdateModelService) -> ModelService:
        """Make a model the project's default, or no longer; BadRequest for what only an operator decides."""
        _refuse_machines(given)
        project = self._changeable(given.project)
        service = self._service(project, given.model_service)
        if given.desired_online is False:
            raise BadRequest("desiredOnline: a project cannot switch models off.", param="desiredOnline")
        if given.is_default is not None and given.is_default != service.is_default:
            default = service.key if given.is_default else None
            project = await self._change(project, lambda before: replace(before, default_model=default))
        return self._service(project, given.model_service)

    async def remove_model_from_project(self, given: RemoveModel) -> bool:
        """Let a project have a model no longer; Conflict where that would leave it all models, or none as default."""
        project = self._changeable(given.project)
        gone = self._service(project, given.model).key
        models = [one.id for one in self._reading.models_of(project) if one.id != gone]
        if not models:
            raise BadRequest("model: it is the project's only one.", param="model")

        def change(before: Project) -> Project:
            default = before.default_model
            kept = default is not None and self._reading.model_id(default) != gone
            return replace(before, models=tuple(models), default_model=default if kept else None)

        await self._change(project, change)
        return True

    async def add_direct_score(self, completion_id: str, metric_id: str, given: ScoreAdd) -> DirectScore:
        """Keep a metric's value for a stored completion."""
        if len(given.reason or "") > REASON_CHARACTERS_MAX or "\0" in (given.reason or ""):
            raise BadRequest(f"reason: expected at most {REASON_CHARACTERS_MAX} characters.", param="reason")
        if len(given.details or "") > DETAILS_CHARACTERS_MAX or "\0" in (given.details or ""):
            raise BadRequest(f"details: expected at most {DETAILS_CHARACTERS_MAX} characters.", param="details")
        said = Given(metric=metric_id, value=given.value, reason=given.reason, details=given.details)
        services, account = self._reading.services, self._reading.key.account
        feedback_id = await services.feedbacks.give(self._reading.reach, completion_id, said)
        (kept,) = [one for one in await services.feedbacks.history(account, completion_id) if one.id == feedback_id]
        return completion_views.direct_score(kept, await self._reading.metrics())

    async def create_ab_campaign(self, given: CampaignCreate) -> CampaignView:
        """Make a campaign between models of a project, and let it begin; it ends by itself once it is decided."""
        project = self._changeable(given.project)
        services = [self._service(project, name) for name in given.model_services]
        for name in given.model_services:
            if self._model(name).embeds:
                rule = f"{shown(name)} makes embeddings, it generates no text"
                raise BadRequest(f"modelServices: {rule}.", param="modelServices", code="model_not_supported")
        kind: GoalKind = "comparison" if given.score_type == "COMPARISON" else "direct"
        draft = Campaign(
            id="",
            account=self._reading.key.account,
            key=given.key,
            name=given.key if given.name is None else given.name,
            project_id=project.id,
            variants=campaign_views.variants([service.key for service in services]),
            goals=(Goal(given.metric, kind),),
            share=given.traffic_split,
            floor=min(FLOOR, 1 / max(1, 2 * len(services))),
            decides=True,
            deploys=given.auto_deploy,
        )
        made = await self._reading.services.campaigns.create(draft, start=True)
        return await self._reading.campaign_view(made)

    async def cancel_ab_campaign(self, given: str) -> str:
        """End a campaign; its key."""
        self._require_admin()
        campaign = await self._reading.campaign(given)
        return (await self._reading.services.campaigns.stop(campaign.account, campaign.id)).key

    def _require_admin(self) -> None:
        if "admin" not in self._reading.key.scopes:
            raise PermissionDenied("This takes a key with the scope `admin`.")

    def _changeable(self, name: str) -> Project:
        """A project that the key may change."""
        self._require_admin()
        return self._reading.project(name)

    async def _change(self, project: Project, change: Change) -> Project:
        changed = await self._reading.services.projects.update(project.id, change)
        self._reading.forget()
        return changed

    def _model(self, name: str) -> Model:
        """A model that the key may use; ModelNotFound otherwise."""
        wanted = self._reading.model_id(name)
        found = next((model for model in self._reading.models() if model.id == wanted), None)
        if found is None:
            raise ModelNotFound(f"{shown(name)} does not exist.", param="model")
        return found

    def _service(self, project: Project, name: str) -> ModelService:
        """A model that the project has; ModelNotFound otherwise."""
        model = self._model(name)
        if model not in self._reading.models_of(project):
            # Clients take the first thing that is named for what is missing: a project must not be.
            raise ModelNotFound(f"{shown(name)} has to be added first.", param="model")
        return self._reading.service(project, model)


def _refuse_machines(given: DeployModel | UpdateModelService) -> None:
    """BadRequest where a caller says on which machines, or how, an engine is to run."""
    for name, value in (("placement", given.placement), ("speculativeDecoding", given.speculative_decoding)):
        if value is not None:
            raise BadRequest(f"{name}: decided where the engine is set up.", param=name)


def _with(models: tuple[str, ...], more: list[str]) -> tuple[str, ...]:
    """The models of a project and further ones, each once."""
    return tuple(dict.fromkeys((*models, *more)))
