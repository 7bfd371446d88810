"""What becomes of a query: its answer, or errors in it, or an error of ours."""

from __future__ import annotations

import pytest

from antiphon.errors import Unavailable
from antiphon.graphql import execution as execution_module
from antiphon.graphql.execution import KEPT_MAX, MESSAGE_CHARACTERS_MAX, Execution
from antiphon.graphql.pace import AT_ONCE, Pace
from antiphon.graphql.reading import Reading, Services
from antiphon.interactions.model import Reach
from tests.unit.graphql.asking import ANN, Json, answered, refused, told
from tests.unit.projects.gateway_projects import draft

WRONG: tuple[tuple[str, Json, str], ...] = (
    ("", None, "Syntax Error"),
    ("{ me { id ", None, "Syntax Error"),
    ("{ jobs { id } }", None, "Unsupported: there is no `jobs` here."),
    (
        "mutation { terminateModel(idOrKey: 1, force: true) }",
        None,
        "Unsupported: there is no `terminateModel` here.",
    ),
    ("subscription { jobs }", None, "Unsupported"),
    ("{ me { password } }", None, "Cannot query field 'password'"),
    ("query Q($a: Jobs) { models(filter: $a) { id } }", None, "Unknown type 'Jobs'"),
    ("query Q($f: ModelFilter!) { models(filter: $f) { id } }", {"f": {"size": 1}}, "size"),
    ("{ " * 500, None, "Syntax Error"),
    ("{ a " * 900, None, "nested too deeply"),
    ("{ " + "me " * 2_100 + "}", None, "2000 tokens"),
    ("#" * 40_000, None, "at most 32768 characters"),
    ("{ me { id } }", {"a": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}, "deep"),
    ("{ me { id } }", {"a": [0] * 5_000}, "values"),
)


async def test_values_may_stand_in_the_query_or_beside_it(services: Services) -> None:
    """A scalar of ours is checked in both places."""
    assert await told(services, '{ model(idOrKey: "eye") { id } }') == {"model": {"id": "seeing"}}
    by_variable = "query Q($name: IdOrKey!) { model(idOrKey: $name) { id } }"
    assert await told(services, by_variable, {"name": "eye"}) == {"model": {"id": "seeing"}}
    assert "256 characters" in await refused(services, '{ model(idOrKey: "") { id } }')
    assert "256 characters" in await refused(services, by_variable, {"name": ""})


async def test_several_operations(services: Services) -> None:
    """The one that is named runs; without a name it is an error."""
    text = 'query One { model(idOrKey: "m") { id } } query Two { me { name } }'
    answer = await Execution().run(text, Reading(services, ANN), operation_name="Two")
    assert answer == {"data": {"me": {"name": "ann"}}}
    assert "operation name" in await refused(services, text)


async def test_what_is_wrong_is_told_shortly(services: Services) -> None:
    """However much of it there is."""
    for text in ("{ " + "a" * 30_000 + " }", '{ project(idOrKey: "' + "a" * 30_000 + '") { id } }'):
        assert len(await refused(services, text)) <= MESSAGE_CHARACTERS_MAX + 1


async def test_what_is_wrong_is_told(services: Services) -> None:
    """As an error of the answer, however it is wrong."""
    for text, variables, rule in WRONG:
        assert rule in await refused(services, text, variables)


async def test_refusals_of_services_are_told_as_clients_look_for_them(services: Services) -> None:
    """What is named and not there begins with what it is; the code stands beside the sentence."""
    grouped = "query Q($f: ListCompletionsFilterInput!) { completions(filter: $f, page: {}) { totalCount } }"
    answer = await answered(services, grouped, {"f": {"project": "nobody"}})
    (error,) = answer["errors"]
    assert error["message"].startswith("EntityNotFound: project: "), error
    assert (error["extensions"], error["path"]) == ({"code": "project_not_found"}, ["completions"])
    assert answer["data"] is None


async def test_what_fails_here_is_no_fault_of_the_query(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole request fails, so that its status says so."""
    for failure in (Unavailable("The database."), ValueError("ours")):

        async def failing(account: str, failure: Exception = failure) -> None:
            raise failure

        monkeypatch.setattr(services.metrics, "list", failing)
        with pytest.raises(type(failure)):
            await answered(services, "{ metrics { id } }")


async def test_documents_are_kept_within_bounds(services: Services) -> None:
    """The same text is parsed once; the oldest gives way, and one that was refused is not kept."""
    execution = Execution()
    for number in range(KEPT_MAX + 5):
        await execution.run(f"{{ me {{ a{number}: id }} }}", Reading(services, ANN))
        await execution.run("{ nothing }", Reading(services, ANN))
    assert len(execution._kept) == KEPT_MAX
    assert sum(map(len, execution._kept)) == execution._kept_characters
    assert "{ nothing }" not in execution._kept


async def test_the_caller_sees_what_its_key_may(services: Services) -> None:
    """Its own account, whatever it asks."""
    assert Reading(services, ANN).reach == Reach("ann")
    assert await told(services, "{ me { id email name teams { isNothing: __typename } } }") == {
        "me": {"id": "ann", "email": "ann", "name": "ann", "teams": []}
    }


async def test_an_answer_that_is_too_large(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused while it is made."""
    monkeypatch.setattr(execution_module, "Pace", lambda: Pace(20))
    assert "at most 20 fields" in await refused(services, "{ projects { id key name modelServices { id key name } } }")


async def test_a_long_list_is_whole(services: Services) -> None:
    """Whatever it is made with."""
    for number in range(2 * AT_ONCE):
        await services.projects.create(draft(f"p{number}"))
    found = (await told(services, "{ projects { key modelServices { key } } }"))["projects"]
    assert {f"p{number}" for number in range(2 * AT_ONCE)} <= {one["key"] for one in found}
    assert all(len(one["modelServices"]) == 3 for one in found)
