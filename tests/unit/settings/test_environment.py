"""Environment variables as settings."""

from __future__ import annotations

import pytest

from antiphon.settings.environment import assignments, variable_name
from antiphon.settings.layers import Assignment, Problem
from antiphon.settings.model import Settings
from antiphon.settings.paths import parse_path
from antiphon.settings.schema import Schema


def found(**variables: str) -> list[Assignment | Problem]:
    """What these variables set."""
    return list(assignments(variables, Schema(Settings)))


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("ANTIPHON_DATA_DIR", "/data", ("data_dir",), "/data"),
        ("ANTIPHON_SERVER__PORT", "9000", ("server", "port"), 9000),
        ("ANTIPHON_MODELS__0__PARALLEL", "2", ("models", 0, "parallel"), 2),
        ("ANTIPHON_IMAGES__ALLOWED_HOSTS", "a, b", ("images", "allowed_hosts"), ["a", "b"]),
        ("HF_TOKEN", "t", ("hub", "token"), "t"),
        ("DATABASE_URL", "sqlite:///a.db", ("database", "url"), "sqlite:///a.db"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", ("observability", "otlp", "endpoint"), "http://c:4318"),
        ("OTEL_SERVICE_NAME", "ours", ("observability", "otlp", "service_name"), "ours"),
        ("HF_HOME", "/hf", ("hub", "cache_dir"), "/hf/hub"),
        ("HF_ENDPOINT", "http://hub", ("hub", "address"), "http://hub"),
        ("XDG_DATA_HOME", "/share", ("data_dir",), "/share/antiphon"),
    ],
)
def test_a_variable_sets_its_setting(name: str, text: str, path: tuple[str | int, ...], value: object) -> None:
    """By its type, with its name as the source."""
    assert found(**{name: text}) == [Assignment(path, value, f"environment {name}")]


def test_whoever_turns_opentelemetry_off_is_heeded() -> None:
    """Its other variables are not looked at then."""
    assert found(OTEL_SDK_DISABLED="true", OTEL_EXPORTER_OTLP_ENDPOINT="http://c:4318") == []


def test_a_section_may_be_given_as_json() -> None:
    """Its settings are assigned one by one, so that others of the section stay."""
    source = "environment ANTIPHON_SERVER"
    assert found(ANTIPHON_SERVER='{"port": 1}') == [Assignment(("server", "port"), 1, source)]


def test_our_names_win_over_borrowed_ones() -> None:
    """They come later."""
    sources = [one.source for one in found(ANTIPHON_HUB__TOKEN="ours", HF_TOKEN="theirs")]
    assert sources == ["environment HF_TOKEN", "environment ANTIPHON_HUB__TOKEN"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ANTIPHON_SERVER_PORT", "did you mean ANTIPHON_SERVER__PORT?"),
        ("ANTIPHON_SERVER__PROT", "did you mean ANTIPHON_SERVER__PORT?"),
        ("ANTIPHON_HOST", "did you mean ANTIPHON_SERVER__HOST?"),
    ],
)
def test_an_unknown_variable_is_a_problem(name: str, hint: str) -> None:
    """It names the variable that was meant."""
    (problem,) = found(**{name: "1"})
    assert isinstance(problem, Problem)
    assert problem.source == f"environment {name}"
    assert hint in problem.rule


def test_a_text_that_cannot_be_read_is_a_problem() -> None:
    """It names the setting and the variable."""
    (problem,) = found(ANTIPHON_SERVER__CORS_ORIGINS="[1")
    assert isinstance(problem, Problem)
    assert problem.path == "server.cors_origins"


@pytest.mark.parametrize(
    "name",
    [
        "ANTIPHON_SERVICE_HOST",
        "ANTIPHON_SERVICE_PORT_HTTP",
        "ANTIPHON_PORT",
        "ANTIPHON_PORT_8000_TCP_ADDR",
        "ANTIPHON_CONFIG",
        "ANTIPHON_CLIENT_KEY",
        "PATH",
        "MY_ANTIPHON_X",
    ],
)
def test_what_is_not_ours_is_left_alone(name: str) -> None:
    """Service links of Kubernetes, and variables with another meaning."""
    assert found(**{name: "tcp://10.0.0.1:8000"}) == []


@pytest.mark.parametrize("name", ["ANTIPHON_SERVER__PORT", "HF_TOKEN", "XDG_DATA_HOME", "ANTIPHON_TYPO"])
def test_an_empty_variable_counts_as_absent(name: str) -> None:
    """As container files pass them on."""
    assert found(**{name: ""}) == []


def test_each_setting_has_a_variable_that_sets_it() -> None:
    """The names in the reference are understood when they are used."""
    schema = Schema(Settings)
    for setting in schema.settings:
        name = variable_name(setting.path).replace("__N__", "__0__")
        assert name.startswith("ANTIPHON_")
        path = name.removeprefix("ANTIPHON_").lower().split("__")
        assert schema.find(tuple(int(part) if part.isdigit() else part for part in path)) == setting


def test_items_are_numbered() -> None:
    """The name of an item's variable shows where its number goes."""
    assert variable_name(parse_path("models[].name")) == "ANTIPHON_MODELS__N__NAME"
