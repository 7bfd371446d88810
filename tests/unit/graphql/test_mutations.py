"""The mutations of the schema, as its clients send them."""

from __future__ import annotations

from antiphon.db import Database
from antiphon.graphql.reading import Services
from antiphon.key import ADMIN, Key
from antiphon.models.catalogue import Model
from antiphon.projects.model import Project
from tests.unit.graphql.asking import USER, Json, refused, told
from tests.unit.interactions.stored import keep, row, uuid
from tests.unit.models.offers import offer

SCORE = """
mutation AddDirectScore($completionId_0: UUID!, $metricId_0: IdOrKey!, $input_0: ScoreAddInput!) {
  addDirectScore(completionId: $completionId_0, metricId: $metricId_0, input: $input_0) { id value details }
}"""
FEEDBACK = SCORE.replace("AddDirectScore", "AddDirectFeedback").replace("addDirectScore", "addDirectFeedback")
FEEDBACK = FEEDBACK.replace("ScoreAddInput", "FeedbackAddInput")
PROJECT = "mutation P($input: ProjectCreate!) { createProject(input: $input) { key name description } }"
METRIC = """mutation M($project: IdOrKey!, $input: MetricCreate!) {
  createMetric(project: $project, input: $input) { key name kind scoringType hasDirectScores } }"""
ADD = """mutation A($input: AddModelsToProjectInput!) {
  addModelsToProject(input: $input) { success failures { model reason } } }"""
DEPLOY = "mutation D($input: DeployModelInput!) { deployModel(input: $input) { modelService { key } warnings } }"
UPDATE = "mutation U($input: UpdateModelService!) { updateModelService(input: $input) { key isDefault } }"
CAMPAIGN = """mutation C($input: AbcampaignCreate!) {
  createAbCampaign(input: $input) { id key status beginDate scoreType models { key } } }"""
REMOVE = "mutation R($input: RemoveModelFromProjectInput!) { removeModelFromProject(input: $input) }"

REFUSED_FEEDBACK: tuple[tuple[Json, Key, str], ...] = (
    ({"metricId_0": "nothing"}, USER, "EntityNotFound: metric"),
    ({"completionId_0": uuid(99)}, USER, "EntityNotFound: completion"),
    ({}, Key("bob", scopes=ADMIN), "EntityNotFound: completion"),
    ({}, Key("limited", account_name="ann", projects=frozenset({"other"})), "EntityNotFound: completion"),
    ({"input_0": {"value": 2}, "metricId_0": "liked"}, USER, "takes 0, 1, true or false"),
    ({"input_0": {"value": "good"}}, USER, "finite number"),
    ({"input_0": {"value": 1, "reason": "x" * 65}}, USER, "reason"),
    ({"input_0": {"value": 1, "details": "\0"}}, USER, "details"),
    ({"completionId_0": "chatcmpl-1"}, USER, "UUID"),
)
IMPOSSIBLE: tuple[tuple[str, Json, str], ...] = (
    (DEPLOY, {"model": "nothing"}, "EntityNotFound: model: 'nothing' does not exist."),
    (DEPLOY, {"model": "eye"}, "EntityNotFound: model: 'eye' has to be added first."),
    (DEPLOY, {"model": "m", "placement": {"computePools": ["a"]}}, "placement"),
    (UPDATE, {"modelService": "m", "desiredOnline": False}, "cannot switch models off"),
    (UPDATE, {"modelService": "m", "speculativeDecoding": {"numDraftSteps": 2}}, "speculativeDecoding"),
    (REMOVE, {"model": "eye"}, "has to be added first"),
)


async def test_feedback_is_kept(database: Database, services: Services) -> None:
    """Under both of its names; a revision stands in place of what was said, the same again changes nothing."""
    await keep(database, row(1, project_id="set-id"))
    given: Json = {"completionId_0": uuid(1), "metricId_0": "stars", "input_0": {"value": 3, "details": "Fine."}}
    first = (await told(services, SCORE, given, key=USER))["addDirectScore"]
    assert (first["value"], first["details"]) == (3, "Fine.")
    again = (await told(services, FEEDBACK, given, key=USER))["addDirectFeedback"]
    assert again == first
    given["input_0"]["value"] = 4.5
    revised = (await told(services, SCORE, given, key=USER))["addDirectScore"]
    assert revised["id"] != first["id"]
    assert [one.value for one in await services.feedbacks.of("ann", [uuid(1)])] == [4.5]


async def test_feedback_that_is_refused(database: Database, services: Services) -> None:
    """Of what is not there or somebody else's, and values that the metric does not take."""
    await keep(database, row(1, project_id="set-id"))
    for changes, key, rule in REFUSED_FEEDBACK:
        given = {"completionId_0": uuid(1), "metricId_0": "stars", "input_0": {"value": 3}} | changes
        assert rule in await refused(services, SCORE, given, key=key)


async def test_a_project_is_made(services: Services) -> None:
    """By an administrator, whatever else its client says by saying nothing."""
    given: Json = {"input": {"name": "Shop", "key": "shop", "team": None, "settings": {"defaultMetric": None}}}
    made = await told(services, PROJECT, given)
    assert made == {"createProject": {"key": "shop", "name": "Shop", "description": ""}}
    assert "there is a project 'shop' already" in await refused(services, PROJECT, given)
    assert "scope `admin`" in await refused(services, PROJECT, given, key=USER)
    for more, rule in (
        ({"team": "sales"}, "no teams"),
        ({"settings": {"defaultMetric": "liked"}}, "no metric of its own"),
        ({"key": None}, "key: required"),
    ):
        assert rule in await refused(services, PROJECT, {"input": given["input"] | more})


async def test_a_metric_is_made(services: Services) -> None:
    """Without a key it has its name's."""
    given: Json = {"project": "set", "input": {"name": "speed", "kind": "SCALAR", "scoringType": "LOWER_IS_BETTER"}}
    made = (await told(services, METRIC, given))["createMetric"]
    assert made == {
        "key": "speed",
        "name": "speed",
        "kind": "SCALAR",
        "scoringType": "LOWER_IS_BETTER",
        "hasDirectScores": False,
    }
    assert (await refused(services, METRIC, given | {"project": "x"})).startswith("EntityNotFound: project")
    assert "scope `admin`" in await refused(services, METRIC, given, key=USER)


async def test_models_of_a_project(services: Services) -> None:
    """Added, deployed, made the default, and removed; the last one stays."""
    await services.projects.create(Project("", "shop", "Shop", models=("m",)))
    added = await told(services, ADD, {"input": {"project": "shop", "models": ["eye", "down"]}})
    assert added == {"addModelsToProject": {"success": True, "failures": []}}
    deployed = await told(services, DEPLOY, {"input": {"project": "shop", "model": "eye", "placement": None}})
    assert deployed == {"deployModel": {"modelService": {"key": "seeing"}, "warnings": []}}
    cold = (await told(services, DEPLOY, {"input": {"project": "shop", "model": "down", "wait": True}}))["deployModel"]
    assert "No engine serves" in cold["warnings"][0]
    promote: Json = {"project": "shop", "modelService": "eye", "isDefault": True}
    assert (await told(services, UPDATE, {"input": promote}))["updateModelService"]["isDefault"] is True
    assert services.projects.get("shop").default_model == "seeing"
    assert await told(services, REMOVE, {"input": {"project": "shop", "model": "eye"}}) == {
        "removeModelFromProject": True
    }
    kept = services.projects.get("shop")
    assert (kept.models, kept.default_model) == (("m", "down"), None)
    await told(services, REMOVE, {"input": {"project": "shop", "model": "down"}})
    assert "only one" in await refused(services, REMOVE, {"input": {"project": "shop", "model": "m"}})


async def test_a_default_is_taken_back(services: Services) -> None:
    """What is said already changes nothing."""
    await services.projects.create(Project("", "shop", "Shop", default_model="m"))
    for wanted in (True, False, False):
        given = {"input": {"project": "shop", "modelService": "m", "isDefault": wanted, "desiredOnline": True}}
        assert (await told(services, UPDATE, given))["updateModelService"]["isDefault"] is wanted
    assert services.projects.get("shop").default_model is None


async def test_what_a_project_cannot_have(services: Services) -> None:
    """The sentence of a missing model names no project, which its client would take for what is missing."""
    await services.projects.create(Project("", "shop", "Shop", models=("m",)))
    for mutation, given, rule in IMPOSSIBLE:
        said = await refused(services, mutation, {"input": {"project": "shop"} | given})
        assert rule in said
        assert "project" not in said or "EntityNotFound" not in said


async def test_projects_are_changed_by_administrators(services: Services) -> None:
    """Whatever is to be changed of them."""
    for mutation, given in (
        (ADD, {"models": ["m"]}),
        (DEPLOY, {"model": "m"}),
        (UPDATE, {"modelService": "m"}),
        (REMOVE, {"model": "m"}),
    ):
        said = await refused(services, mutation, {"input": {"project": "set"} | given}, key=USER)
        assert "scope `admin`" in said


async def test_models_that_are_not_there_are_not_added(services: Services) -> None:
    """Nor are the others of the same call."""
    await services.projects.create(Project("", "shop", "Shop", models=("m",)))
    given = {"input": {"project": "shop", "models": ["eye", "nothing"]}}
    added = (await told(services, ADD, given))["addModelsToProject"]
    assert (added["success"], added["failures"][0]["model"]) == (False, "nothing")
    assert services.projects.get("shop").models == ("m",)


async def test_a_campaign_is_made_and_cancelled(services: Services) -> None:
    """Between models that the project has, by a metric that the account has; its client's older words mean the same."""
    spring: Json = {
        "key": "spring",
        "metric": "stars",
        "project": "set",
        "modelServices": ["m", "eye"],
        "autoDeploy": False,
        "trafficSplit": 0.5,
        "scoreType": "DIRECT",
    }
    made = (await told(services, CAMPAIGN, {"input": spring}))["createAbCampaign"]
    assert (made["key"], made["status"], made["models"]) == ("spring", "WARMUP", [{"key": "m"}, {"key": "seeing"}])
    kept = await services.campaigns.get("ann", "spring")
    assert (kept.status, kept.share, kept.decides, kept.deploys) == ("running", 0.5, True, False)
    older = {name: value for name, value in spring.items() if name != "scoreType"}
    older |= {"key": "older", "feedbackType": "COMPARISON", "trafficSplit": 0}
    assert (await told(services, CAMPAIGN, {"input": older}))["createAbCampaign"]["scoreType"] == "COMPARISON"
    cancel = "mutation C($input: IdOrKey!) { cancelAbCampaign(input: $input) }"
    assert await told(services, cancel, {"input": made["id"]}) == {"cancelAbCampaign": "spring"}
    assert (await services.campaigns.get("ann", "spring")).status == "stopped"
    for changes, rule in (
        ({"key": "spring"}, "there is, or was, a campaign"),
        ({"key": "a", "metric": "nothing"}, "EntityNotFound: metric"),
        ({"key": "a", "modelServices": ["m", "nothing"]}, "EntityNotFound: model"),
        ({"key": "a", "modelServices": ["m"]}, "variants"),
        ({"key": "a", "trafficSplit": 1.5}, "share"),
        ({"key": "a", "project": "nobody"}, "EntityNotFound: project"),
    ):
        assert rule in await refused(services, CAMPAIGN, {"input": spring | changes})
    services.catalogue.replace("vectors", (Model("vectors", (offer("v"),), embeds=True),))
    await services.projects.create(Project("", "wide", "Wide"))
    wide = spring | {"key": "c", "project": "wide", "modelServices": ["m", "vectors"]}
    assert "makes embeddings" in await refused(services, CAMPAIGN, {"input": wide})
    assert "scope `admin`" in await refused(services, CAMPAIGN, {"input": spring | {"key": "b"}}, key=USER)
    assert "scope `admin`" in await refused(services, cancel, {"input": "older"}, key=USER)
    limited = Key("limited", account_name="ann", scopes=ADMIN, projects=frozenset({"other"}))
    assert "does not exist" in await refused(services, cancel, {"input": "older"}, key=limited)
