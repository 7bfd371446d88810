"""The queries of the schema, as its clients' texts ask them."""

from __future__ import annotations

from antiphon.campaigns.model import Campaign, Goal
from antiphon.chat import Image, Message, Text
from antiphon.db import Connection, Database
from antiphon.feedback import store
from antiphon.graphql.campaign_views import variants
from antiphon.graphql.reading import Services
from antiphon.interactions.model import Answer
from antiphon.key import Key
from antiphon.projects.model import Project
from tests.unit.feedback.said import LIKED, STARS, comparison, feedback
from tests.unit.graphql.asking import ANN, Json, refused, told
from tests.unit.interactions.stored import NOW_MS, keep, row, uuid

COMPLETIONS = """
query ListInteractions($filter: ListCompletionsFilterInput!, $page: CursorPageInput!, $order: [OrderPair!]) {
  completions(filter: $filter, page: $page, order: $order) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id }
  }
}"""
GROUPS = """
query Grouped($filter: ListCompletionsFilterInput!, $groupBy: CompletionGroupBy!, $page: CursorPageInput!) {
  completionsGrouped(groupBy: $groupBy, filter: $filter, page: $page, order: [{field: "group", order: ASC}]) {
    totalCount groupBy pageInfo { hasNextPage endCursor }
    nodes {
      key count
      directScoresStats { metric { key } scores average max min stddev sum }
      completions(page: $page, order: [{field: "created_at", order: DESC}]) { totalCount nodes { id } }
    }
  }
}"""
ONE = """
query One($id: UUID!) {
  completion(project: "set", id: $id) {
    id chatMessages { role content } completion source model { id key name } labels { key value } createdAt
    directScores { id value metric { key hasDirectScores } reason details createdAt }
    comparisonScores {
      id project { key } metric { key hasComparisonScores }
      preferedCompletion { id completion model { key } } otherCompletion { id }
    }
    metadata { parameters timings system usage { completionTokens promptTokens totalTokens } }
  }
}"""


async def furnish(database: Database) -> None:
    """Four completions of two models, one without any, with feedback and a comparison; one of somebody else's."""
    picture = Message("user", (Text("See "), Image("data:image/png;base64,QUJD")))
    await keep(
        database,
        row(1, project_id="set-id", labels={"city": "Oslo"}),
        row(2, project_id="set-id", model="seeing", messages=(picture,), completion=Answer("A picture.")),
        row(3, project_id="set-id", model=None, source="OFFLINE"),
        row(4, project_id="set-id"),
        row(5, project_id="set-id", account="bob"),
        row(6),
    )

    def work(connection: Connection) -> None:
        store.insert_feedback(connection, feedback(1, 1, details="Right."))
        store.insert_feedback(connection, feedback(2, 1, metric_id=STARS, value=4.0))
        store.insert_feedback(connection, feedback(3, 4, metric_id=STARS, value=1.0))
        store.insert_comparison(connection, comparison(1, 1, 4, project_id="set-id"))

    await database.write(work)


async def test_completions_are_listed(database: Database, services: Services) -> None:
    """Page by page, forwards and backwards, those of the project alone."""
    await furnish(database)
    asked: Json = {"filter": {"project": "set", "advancedFilter": {"and": []}}, "page": {"first": 3}}
    first = (await told(services, COMPLETIONS, asked))["completions"]
    assert [node["id"] for node in first["nodes"]] == [uuid(4), uuid(3), uuid(2)]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    asked["page"]["after"] = first["pageInfo"]["endCursor"]
    second = (await told(services, COMPLETIONS, asked))["completions"]
    assert [node["id"] for node in second["nodes"]] == [uuid(1)]
    assert second["pageInfo"]["hasNextPage"] is False
    asked["page"] = {"last": 2, "before": second["pageInfo"]["endCursor"]}
    back = (await told(services, COMPLETIONS, asked))["completions"]
    assert [node["id"] for node in back["nodes"]] == [uuid(3), uuid(2)]
    rated = {"metric": "stars", "value": {"gte": 2}}
    for name in ("scores", "feedbacks"):
        good: Json = {"filter": {"project": "set", "advancedFilter": {name: rated}}, "page": {}}
        assert (await told(services, COMPLETIONS, good))["completions"]["nodes"] == [{"id": uuid(1)}]
    unknown = {"filter": {"project": "set", "advancedFilter": {"scores": {"metric": "x"}}}, "page": {}}
    assert "EntityNotFound: metric" in await refused(services, COMPLETIONS, unknown)
    nothing = {"filter": {"project": "set", "advancedFilter": {"source": "DATASET"}}, "page": {}}
    assert (await told(services, COMPLETIONS, nothing))["completions"]["nodes"] == []


async def test_completions_are_grouped_by_model(database: Database, services: Services) -> None:
    """With what their scores come to; those without a model have a group without a key."""
    await furnish(database)
    asked: Json = {"filter": {"project": "set"}, "groupBy": "MODEL", "page": {"first": 2}}
    groups = (await told(services, GROUPS, asked))["completionsGrouped"]
    assert (groups["totalCount"], groups["groupBy"], groups["pageInfo"]["hasNextPage"]) == (3, "MODEL", True)
    without, small = groups["nodes"]
    assert (without["key"], without["count"], without["directScoresStats"]) == (None, 1, [])
    assert without["completions"]["nodes"] == [{"id": uuid(3)}]
    assert (small["key"], small["count"]) == ("m", 2)
    assert small["completions"] == {"totalCount": 2, "nodes": [{"id": uuid(4)}, {"id": uuid(1)}]}
    assert small["directScoresStats"] == [
        {"metric": {"key": "liked"}, "scores": 1, "average": 1, "max": 1, "min": 1, "stddev": 0, "sum": 1},
        {"metric": {"key": "stars"}, "scores": 2, "average": 2.5, "max": 4, "min": 1, "stddev": 1.5, "sum": 5},
    ]
    asked["page"]["after"] = groups["pageInfo"]["endCursor"]
    rest = (await told(services, GROUPS, asked))["completionsGrouped"]
    assert [(node["key"], node["completions"]["totalCount"]) for node in rest["nodes"]] == [("seeing", 1)]
    assert rest["pageInfo"]["hasNextPage"] is False


async def test_completions_are_grouped_by_prompt(database: Database, services: Services) -> None:
    """Whose hash is the key."""
    await furnish(database)
    asked: Json = {"filter": {"project": "set"}, "groupBy": "PROMPT", "page": {}}
    groups = (await told(services, GROUPS, asked))["completionsGrouped"]
    assert sorted(node["count"] for node in groups["nodes"]) == [1, 3]
    assert all(len(node["completions"]["nodes"]) == node["count"] for node in groups["nodes"])
    assert {len(node["key"]) for node in groups["nodes"]} == {64}


async def test_one_completion(database: Database, services: Services) -> None:
    """In full; an image in its prompt is told of in words."""
    await furnish(database)
    found = (await told(services, ONE, {"id": uuid(1)}))["completion"]
    assert [one["role"] for one in found["chatMessages"]] == ["system", "user"]
    assert (found["completion"], found["source"], found["createdAt"]) == ("Because of Rayleigh.", "LIVE", NOW_MS + 1)
    assert found["model"] == {"id": "m", "key": "m", "name": "m"}
    assert found["labels"] == [{"key": "city", "value": "Oslo"}]
    assert [(one["metric"]["key"], one["value"], one["details"]) for one in found["directScores"]] == [
        ("liked", 1, "Right."),
        ("stars", 4, None),
    ]
    (compared,) = found["comparisonScores"]
    assert (compared["project"], compared["metric"]["hasComparisonScores"]) == ({"key": "set"}, True)
    assert (compared["preferedCompletion"]["id"], compared["otherCompletion"]["id"]) == (uuid(1), uuid(4))
    assert found["metadata"]["usage"] == {"completionTokens": 5, "promptTokens": 11, "totalTokens": 16}
    assert found["metadata"]["timings"]["ttft_ms"] == 12.25
    assert found["metadata"]["system"] == {"finish_reason": "stop"}
    pictured = (await told(services, ONE, {"id": uuid(2)}))["completion"]
    assert pictured["chatMessages"] == [{"role": "user", "content": "See [image]"}]


async def test_what_the_key_may_not_see_is_null(database: Database, services: Services) -> None:
    """Somebody else's, one of another project, one that never was; a compared one tells no more than its text."""
    await furnish(database)
    for number in (5, 6, 99):
        assert await told(services, ONE, {"id": uuid(number)}) == {"completion": None}
    limited = Key("limited", account_name="ann", projects=frozenset({"other"}))
    assert "may not use" in await refused(services, ONE, {"id": uuid(1)}, key=limited)
    deep = '{ completion(project: "set", id: "%s") { comparisonScores { otherCompletion { directScores { id } } } } }'
    assert "by its own id" in await refused(services, deep % uuid(1))


async def test_projects(services: Services) -> None:
    """Those that the key may use, with the models that they have."""
    await services.projects.create(Project("", "shop", "Shop", "Sells.", models=("eye",), default_model="eye"))
    asked = """{ projects { key name description permissions shares { isOwner } metrics { key }
      modelServices { key isDefault desiredOnline createdAt model { online projects { key } } } } }"""
    known = {one["key"]: one for one in (await told(services, asked))["projects"]}
    assert set(known) == {"set", "shop", "default"}
    assert known["shop"]["modelServices"] == [
        {
            "key": "seeing",
            "isDefault": True,
            "desiredOnline": True,
            "createdAt": 5000,
            "model": {"online": "ONLINE", "projects": [{"key": "set"}, {"key": "shop"}, {"key": "default"}]},
        }
    ]
    assert [one["key"] for one in known["set"]["modelServices"]] == ["m", "seeing", "down"]
    assert known["shop"]["metrics"] == [{"key": "liked"}, {"key": "stars"}]
    assert known["shop"]["permissions"] == sorted(ANN.scopes)
    one = await told(services, '{ a: project(idOrKey: "shop") { name } b: project(idOrKey: "nobody") { name } }')
    assert one == {"a": {"name": "Shop"}, "b": None}


async def test_models(services: Services) -> None:
    """Those that the key may use, and of these what the filter lets through."""
    asked = "query Q($f: ModelFilter! = {}) { models(filter: $f) { id online } }"

    async def listed(wanted: Json, key: Key = ANN) -> list[str]:
        return [one["id"] for one in (await told(services, asked, {"f": wanted}, key=key))["models"]]

    assert await listed({}) == ["m", "seeing", "down"]
    assert await listed({"online": ["OFFLINE"]}) == ["down"]
    assert await listed({"available": True}) == ["m", "seeing"]
    assert await listed({"capabilities": {"any": ["ImageUnderstanding"]}}) == ["seeing"]
    assert await listed({"capabilities": {"all": ["TextGeneration", "Embedding"]}}) == []
    assert await listed({"trainable": True}) == []
    assert await listed({}, Key("limited", models=frozenset({"m"}))) == ["m"]
    one = (
        '{ a: model(idOrKey: "eye") { id isExternal providerName computeConfig { tp } } b: model(idOrKey: "x") { id } }'
    )
    assert await told(services, one) == {
        "a": {"id": "seeing", "isExternal": False, "providerName": "HARMONY", "computeConfig": None},
        "b": None,
    }


async def test_metrics(database: Database, services: Services) -> None:
    """The account's own, by id or key, and whether each was used."""
    await furnish(database)
    asked = "{ metrics { id key kind scoringType description createdAt hasDirectFeedbacks hasComparisonScores } }"
    liked, stars = (await told(services, asked))["metrics"]
    assert (liked["id"], liked["hasDirectFeedbacks"], liked["hasComparisonScores"]) == (LIKED, True, True)
    assert (stars["kind"], stars["hasDirectFeedbacks"], stars["hasComparisonScores"]) == ("SCALAR", True, False)
    one = "query Q($m: IdOrKey!, $p: IdOrKey!) { metric(metricIdOrKey: $m, projectIdOrKey: $p) { key } }"
    for name in ("stars", STARS):
        assert await told(services, one, {"m": name, "p": "set"}) == {"metric": {"key": "stars"}}
    assert await told(services, one, {"m": "x", "p": "set"}) == {"metric": None}
    assert (await refused(services, one, {"m": "stars", "p": "x"})).startswith("EntityNotFound: project: ")


async def test_campaigns(services: Services) -> None:
    """Those that the filter lets through, with what they have gathered; one by id or key, or null."""
    for key, goal in (("spring", Goal("stars")), ("taste", Goal("liked", "comparison"))):
        draft = Campaign(
            id="", account="ann", key=key, name=key.title(), project_id="set-id", variants=variants(("m", "seeing")),
            goals=(goal,), share=0,
        )  # fmt: skip
        await services.campaigns.create(draft, start=True)
    await services.campaigns.stop("ann", "taste")
    asked = """query Q($f: AbCampaignFilter!) { abCampaigns(filter: $f) {
      key status scores feedbacks hasEnoughScores scoreType metric { key } project { key } models { key }
      report { pValue } } }"""

    async def listed(wanted: Json, key: Key = ANN) -> list[Json]:
        return list((await told(services, asked, {"f": wanted}, key=key))["abCampaigns"])

    (spring,) = await listed({"active": True, "project": "set"})
    assert spring == {
        "key": "spring",
        "status": "WARMUP",
        "scores": 0,
        "feedbacks": 0,
        "hasEnoughScores": False,
        "scoreType": "DIRECT",
        "metric": {"key": "stars"},
        "project": {"key": "set"},
        "models": [{"key": "m"}, {"key": "seeing"}],
        "report": None,
    }
    assert [one["key"] for one in await listed({"status": "CANCELLED"})] == ["taste"]
    assert await listed({"project": "default"}) == []
    assert await listed({}, Key("limited", account_name="ann", projects=frozenset({"other"}))) == []
    one = '{ a: abCampaign(idOrKey: "taste") { scoreType endDate } b: abCampaign(idOrKey: "nobody") { key } }'
    assert await told(services, one) == {"a": {"scoreType": "COMPARISON", "endDate": NOW_MS}, "b": None}
