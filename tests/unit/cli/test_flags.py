"""Flags as settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from antiphon.cli.flags import KINDS, SettingFlags, assignments, name_of
from antiphon.errors import ConfigError
from antiphon.settings.load import load
from antiphon.settings.model import EMBEDDED_DEFAULT, Settings
from antiphon.settings.serving import EngineKind


def settings(tmp_path: Path, flags: SettingFlags) -> Settings:
    """What these flags alone lead to."""
    return load(variables={}, flags=assignments(flags), folder=tmp_path).settings


def test_no_flag_sets_nothing() -> None:
    """Defaults are not the flags' business."""
    assert assignments(SettingFlags()) == []


def test_plain_flags_set_their_setting(tmp_path: Path) -> None:
    """With the flag as the source."""
    flags = SettingFlags(host="::1", port=9, data_dir="/d", log_level="error")
    found = settings(tmp_path, flags)
    assert (found.server.host, found.server.port, found.data_dir) == ("::1", 9, Path("/d"))
    assert found.observability.log_level == "error"
    assert [one.source for one in assignments(flags)] == [
        "flag --host",
        "flag --port",
        "flag --data-dir",
        "flag --log-level",
    ]


@pytest.mark.parametrize(
    ("text", "name", "reference"),
    [
        ("smollm2:135m", "smollm2:135m", "smollm2:135m"),
        ("chat=./qwen.gguf", "chat", "./qwen.gguf"),
        ("./Qwen3-8B.Q4_K_M.gguf", "Qwen3-8B.Q4_K_M", "./Qwen3-8B.Q4_K_M.gguf"),
        ("./a=b.gguf", "a-b", "./a=b.gguf"),
        ("/m/my model.GGUF", "my-model", "/m/my model.GGUF"),
        ("hf:owner/repo-GGUF", "repo", "hf:owner/repo-GGUF"),
        ("hf:owner/repo/file.gguf@main", "file", "hf:owner/repo/file.gguf@main"),
        ("hf:owner/repo-GGUF:Q4_K_M@v1", "repo", "hf:owner/repo-GGUF:Q4_K_M@v1"),
        ("https://h/x.gguf#sha256=00", "x", "https://h/x.gguf#sha256=00"),
        ("https://h/x.gguf?download=true", "x", "https://h/x.gguf?download=true"),
        ("n=https://h/x.gguf?download=true", "n", "https://h/x.gguf?download=true"),
    ],
)
def test_a_model_is_named(tmp_path: Path, text: str, name: str, reference: str) -> None:
    """By the flag, else by its reference."""
    (model,) = settings(tmp_path, SettingFlags(model=(text,))).models
    assert (model.name, model.reference) == (name, reference)


def test_a_name_is_always_possible() -> None:
    """Even of a reference that holds no letter."""
    assert name_of("./-.gguf") == "model"


def test_the_built_in_model_keeps_its_defaults_by_name(tmp_path: Path) -> None:
    """As when nothing is said."""
    (model,) = settings(tmp_path, SettingFlags(model=("small=smollm2:135m",))).models
    assert model.defaults == EMBEDDED_DEFAULT.defaults


def test_model_flags_hold_for_every_model(tmp_path: Path) -> None:
    """Given ones, and the embedded default."""
    flags = SettingFlags(context_length=512, parallel=2, threads=3)
    (default,) = settings(tmp_path, flags).models
    assert (default.context_length, default.parallel, default.threads) == (512, 2, 3)
    two = settings(tmp_path, SettingFlags(model=("a=a.gguf", "b=b.gguf"), threads=5)).models
    assert [model.threads for model in two] == [5, 5]


def test_a_projector_belongs_to_one_model(tmp_path: Path) -> None:
    """With several models it is refused."""
    (model,) = settings(tmp_path, SettingFlags(model=("a.gguf",), mmproj="p.gguf")).models
    assert model.mmproj == "p.gguf"
    with pytest.raises(ConfigError, match="--mmproj belongs to one model"):
        assignments(SettingFlags(model=("a.gguf", "b.gguf"), mmproj="p.gguf"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_upstream_names_its_kind(tmp_path: Path, kind: str) -> None:
    """Before a plus sign."""
    (upstream,) = settings(tmp_path, SettingFlags(upstream=(f"{kind}+http://h:1/v1",))).upstreams
    assert (upstream.kind, upstream.url) == (kind, "http://h:1/v1")


def test_kinds_are_those_of_the_settings() -> None:
    """Flags and file know the same."""
    assert set(KINDS) == set(get_args(EngineKind))


def test_upstreams_share_kind_and_key(tmp_path: Path) -> None:
    """A kind of its own goes before the shared one."""
    flags = SettingFlags(upstream=("http://a", "sglang+http://b"), upstream_kind="vllm", upstream_key="k")
    first, second = settings(tmp_path, flags).upstreams
    assert (first.kind, second.kind) == ("vllm", "sglang")
    assert first.api_key is not None
    assert first.api_key.reveal() == "k"


@pytest.mark.parametrize("flags", [SettingFlags(upstream_key="k"), SettingFlags(upstream_kind="vllm")])
def test_what_belongs_to_upstreams_needs_one(flags: SettingFlags) -> None:
    """Otherwise it would silently do nothing."""
    with pytest.raises(ConfigError, match="--upstream is missing"):
        assignments(flags)


def test_keys_may_be_named(tmp_path: Path) -> None:
    """Others are numbered."""
    keys = settings(tmp_path, SettingFlags(key=("team=secret", "other"))).keys
    assert [(key.name, key.key and key.key.reveal()) for key in keys] == [("team", "secret"), ("key-2", "other")]


def test_no_model_leaves_out_the_default(tmp_path: Path) -> None:
    """With nothing else to serve, that is an error."""
    with pytest.raises(ConfigError, match="nothing to serve"):
        settings(tmp_path, SettingFlags(no_model=True))


def test_set_reaches_every_setting_and_wins(tmp_path: Path) -> None:
    """It comes last; values are read by their setting's type."""
    flags = SettingFlags(
        port=1, set=("server.port=2", "models[0].aliases=a,b", "timeouts.connect_s=1.5", "hub.token=x=y")
    )
    found = settings(tmp_path, flags)
    assert (found.server.port, found.timeouts.connect_s, found.models[0].aliases) == (2, 1.5, ("a", "b"))
    assert found.hub.token is not None
    assert found.hub.token.reveal() == "x=y"


@pytest.mark.parametrize(
    ("text", "message"),
    [("server.port", "takes path=value"), ("a b=1", "not the path"), ("server.prot=1", "did you mean `server.port`")],
)
def test_set_refuses_what_is_no_setting(tmp_path: Path, text: str, message: str) -> None:
    """And names what was meant where it can."""
    with pytest.raises(ConfigError, match=message):
        settings(tmp_path, SettingFlags(set=(text,)))


def test_repeated_flags_are_all_taken(run: Callable[..., Any]) -> None:
    """From the command line, too."""
    ran = run(
        "config", "--model", "a=a.gguf", "--model", "b=b.gguf", "--set", "server.port=7", "--set", "limits.n_max=3"
    )
    assert ran.code == 0
    lines = [line.split()[:2] for line in ran.out.splitlines()]
    for expected in (["models[0].name", '"a"'], ["models[1].name", '"b"'], ["server.port", "7"], ["limits.n_max", "3"]):
        assert expected in lines
