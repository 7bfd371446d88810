"""Each module has a test file in the same place below `tests/unit`, or stands here with what tests it instead."""

from __future__ import annotations

import pytest

from .tree import PACKAGE, TESTS, sources

# Modules without behaviour of their own.
VALUES_ONLY = frozenset(
    {
        "__main__.py",
        "agent/announcements.py",
        "campaigns/judging.py",
        "cli/campaign_rows.py",
        "cli/command.py",
        "cli/channel_rows.py",
        "cli/node_rows.py",
        "cli/commands.py",
        "chat.py",
        "completions/dialects/openai/fields.py",
        "completions/doors.py",
        "completions/plan.py",
        "completions/record.py",
        "db/session.py",
        "engines/kinds.py",
        "errors.py",
        "graphql/summaries.py",
        "gateway/announcements.py",
        "key.py",
        "link/limits.py",
        "modelfiles/model.py",
        "models/ask.py",
        "models/load.py",
        "observe/target.py",
        "providers/failures.py",
        "settings/auth.py",
        "settings/bounds.py",
        "settings/channels.py",
        "settings/console.py",
        "settings/credits.py",
        "settings/failover.py",
        "nodes/place.py",
        "settings/batches.py",
        "settings/idempotency.py",
        "settings/interactions.py",
        "settings/placement.py",
        "settings/nodes.py",
        "settings/overload.py",
        "settings/payouts.py",
        "settings/server.py",
        "settings/serving.py",
        "settings/trust.py",
        "structured/keywords.py",
        "topup/facilitator.py",
        "vision/limits.py",
    }
)

# A test that runs the module's code: parts of one whole, tested as that whole, and what needs real processes.
TESTED_BY = {
    "unit/channels/test_service.py": ("channels/parts.py",),
    "integration/bad_input/test_bad_input.py": (
        "gateway/campaign_rows.py",
        "gateway/channel_rows.py",
        "gateway/routes.py",
        "testing/gateway_process.py",
    ),
    "integration/charging/test_rule.py": ("gateway/charging.py",),
    "integration/test_batches.py": (
        "gateway/batch_rows.py",
        "gateway/batching.py",
    ),
    "unit/console/test_routes.py": ("console/wire.py",),
    "integration/test_console.py": (
        "gateway/console.py",
        "gateway/console_rows.py",
        "gateway/followers.py",
    ),
    "integration/test_builtin_models.py": ("modelfiles/package_index.py",),
    "integration/test_cli.py": (
        "gateway/answers.py",
        "gateway/build.py",
        "gateway/gateway.py",
        "gateway/handling.py",
        "gateway/querying.py",
        "gateway/serving.py",
        "gateway/storage.py",
        "gateway/serve.py",
    ),
    "integration/test_openapi.py": ("gateway/response_rows.py",),
    "integration/test_tool_providers.py": ("gateway/providing.py",),
    "integration/test_fault_engine.py": (
        "testing/fault_engine.py",
        "testing/player.py",
    ),
    "integration/test_image_fetch.py": ("vision/fetch.py",),
    "integration/test_local_chain.py": ("cli/topup.py",),
    "integration/test_model_download.py": (
        "modelfiles/download.py",
        "modelfiles/fetching.py",
        "modelfiles/resolving.py",
        "modelfiles/transport.py",
    ),
    "integration/test_nodes.py": (
        "agent/node.py",
        "agent/offers.py",
        "gateway/nodes.py",
        "testing/node_process.py",
    ),
    "integration/test_topup_kills.py": ("gateway/topups.py",),
    "integration/test_payout_kills.py": ("cli/payout.py",),
    "integration/test_trust.py": (
        "cli/trust.py",
        "gateway/trusting.py",
    ),
    "unit/completions/dialects/openai/test_request.py": (
        "completions/dialects/openai/messages.py",
        "completions/dialects/openai/tools.py",
    ),
    "unit/completions/test_poison.py": ("completions/suspicion.py",),
    "unit/completions/test_prepare.py": ("completions/grammars.py",),
    "unit/completions/test_service.py": ("completions/stream.py",),
    "unit/completions/dialects/test_canonical.py": ("completions/dialects/openai/answer.py",),
    "unit/graphql/test_queries.py": (
        "graphql/completion_views.py",
        "graphql/connections.py",
        "graphql/metric_views.py",
        "graphql/project_views.py",
        "graphql/reading.py",
    ),
    "unit/completions/dialects/test_anthropic.py": (
        "completions/dialects/anthropic_messages/answer.py",
        "completions/dialects/anthropic_messages/stream.py",
    ),
    "unit/completions/dialects/test_responses.py": (
        "completions/dialects/openai_responses/answer.py",
        "completions/dialects/openai_responses/stream.py",
    ),
    "unit/conformance/test_areas.py": (
        "conformance/areas/adaptive.py",
        "conformance/areas/choices.py",
        "conformance/areas/confidence.py",
        "conformance/areas/embeddings.py",
        "conformance/areas/errors.py",
        "conformance/areas/heartbeats.py",
        "conformance/areas/interactions.py",
        "conformance/areas/logprobs.py",
        "conformance/areas/models.py",
        "conformance/areas/nugen.py",
        "conformance/areas/plain.py",
        "conformance/areas/prefill.py",
        "conformance/areas/ranges.py",
        "conformance/areas/reasoning.py",
        "conformance/areas/sampling.py",
        "conformance/areas/sessions.py",
        "conformance/areas/stop.py",
        "conformance/areas/stream.py",
        "conformance/areas/structured.py",
        "conformance/areas/text.py",
        "conformance/areas/tools.py",
        "conformance/areas/truncation.py",
        "conformance/areas/vision.py",
    ),
    "unit/credits/test_scenarios.py": (
        "credits/gateway_store.py",
        "credits/hold_store.py",
    ),
    "unit/simulation/test_scenario.py": (
        "simulation/client.py",
        "simulation/front.py",
    ),
    "unit/simulation/test_search.py": (
        "simulation/checks.py",
        "simulation/watched.py",
    ),
    "unit/link/test_broker.py": ("link/accounts.py",),
    "unit/structured/test_branches.py": (
        "structured/accepts.py",
        "structured/emptiness.py",
        "structured/kinds.py",
        "structured/negation.py",
    ),
    "unit/structured/test_grammar.py": (
        "structured/arrays.py",
        "structured/budget.py",
        "structured/containers.py",
        "structured/document.py",
        "structured/objects.py",
        "structured/scalars.py",
        "structured/strings.py",
        "structured/translation.py",
    ),
    "unit/structured/test_matching.py": ("structured/patterns.py",),
    "unit/structured/test_numerals.py": ("structured/numbers.py",),
    "unit/tools/test_parse.py": ("tools/call_reader.py",),
    "unit/tools/test_prompt.py": ("tools/markup.py",),
}


def mirrored(module: str) -> str:
    """The test file of a module."""
    folder, _, name = module.rpartition("/")
    return f"unit/{folder}/test_{name}".replace("//", "/")


def listed_tests() -> dict[str, str]:
    """Each module of the table, with the test that runs it."""
    return {module: test for test, modules in TESTED_BY.items() for module in modules}


def test_every_module_is_tested() -> None:
    """A module has its mirror image among the tests, or a place in the tables above."""
    listed = VALUES_ONLY | set(listed_tests())
    untested = [
        source.module
        for source in sources("src")
        if source.path.name != "__init__.py"
        and source.module not in listed
        and not (TESTS / mirrored(source.module)).is_file()
    ]
    assert untested == []


def test_the_tables_name_what_exists() -> None:
    """Every module and every test of the tables is there, and no module stands twice."""
    modules = [*VALUES_ONLY, *(module for modules in TESTED_BY.values() for module in modules)]
    assert [module for module in modules if not (PACKAGE / module).is_file()] == []
    assert [test for test in TESTED_BY if not (TESTS / test).is_file()] == []
    assert len(modules) == len(set(modules))


def test_no_row_is_needless() -> None:
    """A module that has its own test file needs no other."""
    assert [module for module in listed_tests() if (TESTS / mirrored(module)).is_file()] == []


def test_every_folder_of_tests_has_a_subject() -> None:
    """A folder below `tests/unit` belongs to a package of the same name."""
    unit = TESTS / "unit"
    folders = {path.parent.relative_to(unit).as_posix() for path in unit.rglob("test_*.py")}
    assert [folder for folder in sorted(folders) if not (PACKAGE / folder).is_dir()] == []


@pytest.mark.parametrize(
    ("module", "expected"), [("clock.py", "unit/test_clock.py"), ("a/b/c.py", "unit/a/b/test_c.py")]
)
def test_mirror_images_are_found(module: str, expected: str) -> None:
    """The tests' tree is the package's tree."""
    assert mirrored(module) == expected
