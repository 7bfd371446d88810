"""Settings are read once, later sources win, every mistake is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from antiphon.errors import ConfigError
from antiphon.settings.layers import Assignment
from antiphon.settings.load import Loaded, examine, load
from antiphon.settings.model import EMBEDDED_DEFAULT
from antiphon.settings.paths import parse_path
from antiphon.settings.secret import Secret

FILE = """
server: {port: 1001, host: localhost, drain_s: 5}
keys:
  - name: team
    key: ${TEAM_KEY}
models:
  - name: big
    reference: ./big.gguf
    context_length: ${CONTEXT:-4096}
"""


def flag(path: str, value: object) -> Assignment:
    """What a flag would set."""
    return Assignment(parse_path(path), value, f"flag --{path}")


def read(folder: Path, variables: Mapping[str, str] | None = None, *flags: Assignment) -> Loaded:
    """Load from a folder."""
    return load(variables=variables or {}, flags=flags, folder=folder)


def test_without_anything_there_are_defaults(tmp_path: Path) -> None:
    """And the embedded model."""
    loaded = read(tmp_path)
    assert loaded.file is None
    assert loaded.settings.server.port == 8000
    assert loaded.settings.models == (EMBEDDED_DEFAULT,)
    assert loaded.provenance.source(("models", 0, "name")) == "default"


def test_environment_over_file_and_flags_over_both(tmp_path: Path) -> None:
    """Each value has the source that won."""
    (tmp_path / "antiphon.yaml").write_text(FILE)
    variables = {"TEAM_KEY": "k", "ANTIPHON_SERVER__PORT": "1002", "ANTIPHON_SERVER__HOST": "127.0.0.2"}
    loaded = read(tmp_path, variables, flag("server.port", 1003))
    server, source = loaded.settings.server, loaded.provenance.source
    assert (server.port, server.host, server.drain_s, server.keep_alive_s) == (1003, "127.0.0.2", 5.0, 75.0)
    assert source(("server", "port")) == "flag --server.port"
    assert source(("server", "host")) == "environment ANTIPHON_SERVER__HOST"
    assert source(("server", "drain_s")) == "file antiphon.yaml"
    assert source(("server", "keep_alive_s")) == "default"


def test_a_file_takes_variables(tmp_path: Path) -> None:
    """Also for values that are no text, and in lists."""
    (tmp_path / "antiphon.yaml").write_text(FILE)
    settings = read(tmp_path, {"TEAM_KEY": "12345"}).settings
    assert settings.keys[0].key == Secret("12345")
    assert settings.models[0].context_length == 4096


def test_the_embedded_model_goes_when_something_else_is_served(tmp_path: Path) -> None:
    """A model or an upstream is enough; an empty list is not."""
    upstream = flag("upstreams", [{"url": "http://a"}])
    assert read(tmp_path, {}, upstream).settings.models == ()
    assert read(tmp_path, {}, flag("models", [])).settings.models == (EMBEDDED_DEFAULT,)
    assert read(tmp_path, {}, upstream, flag("embedded_default", True)).settings.models == ()


def test_the_embedded_model_can_be_changed(tmp_path: Path) -> None:
    """By a variable and by a flag; the rest of it stays."""
    variables = {"ANTIPHON_MODELS__0__PARALLEL": "3"}
    (model,) = read(tmp_path, variables, flag("models[].threads", 2)).settings.models
    assert (model.name, model.parallel, model.threads) == ("smollm2:135m", 3, 2)
    assert model.defaults == EMBEDDED_DEFAULT.defaults


def test_a_variable_changes_an_item_of_the_list_that_won(tmp_path: Path) -> None:
    """Although the list came from a later source."""
    variables = {"ANTIPHON_MODELS__0__THREADS": "7"}
    models = flag("models", [{"name": "a", "reference": "a.gguf"}])
    assert read(tmp_path, variables, models).settings.models[0].threads == 7


def test_the_data_folder_follows_the_desktop_standard(tmp_path: Path) -> None:
    """Unless it is named."""
    variables = {"XDG_DATA_HOME": "/share"}
    assert read(tmp_path, variables).settings.data_dir == Path("/share/antiphon")
    named = read(tmp_path, {**variables, "ANTIPHON_DATA_DIR": "~/mine"})
    assert named.settings.data_dir == Path("~/mine").expanduser()
    assert read(tmp_path).settings.data_dir == Path("~/.local/share/antiphon").expanduser()


def test_all_mistakes_of_all_sources_are_told_at_once(tmp_path: Path) -> None:
    """Each with its source, path and rule, a line each."""
    (tmp_path / "antiphon.yaml").write_text("server: {prot: 1}\nlimits: {n_max: 0}\nkeys: [{name: '${NONE}'}]\n")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, {"ANTIPHON_TYPO": "1"}, flag("timeouts.total_s", "long"))
    lines = caught.value.message.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "keys (file antiphon.yaml)",
        "typo (environment ANTIPHON_TYPO)",
        "server.prot (file antiphon.yaml)",
        "timeouts.total_s (flag --timeouts.total_s)",
        "limits.n_max (file antiphon.yaml)",
    ]
    assert "did you mean `server.port`?" in lines[2]


def test_a_bad_file_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """It is named with its path."""
    (tmp_path / "antiphon.yaml").write_text("[")
    examined = examine(variables={}, folder=tmp_path)
    assert examined.loaded is None
    assert [one.source for one in examined.problems] == [f"file {tmp_path / 'antiphon.yaml'}"]


def test_broken_rules_name_their_source(tmp_path: Path) -> None:
    """The source of the setting to change."""
    with pytest.raises(ConfigError, match=r"server.host \(environment ANTIPHON_SERVER__HOST\): `0.0.0.0` can be"):
        read(tmp_path, {"ANTIPHON_SERVER__HOST": "0.0.0.0"})


def test_the_settings_cannot_be_changed(tmp_path: Path) -> None:
    """They are read once."""
    settings = read(tmp_path).settings
    with pytest.raises(AttributeError):
        settings.server.port = 1  # type: ignore[misc]  # that is the point
    assert isinstance(settings, msgspec.Struct)


def test_no_secret_is_printed(tmp_path: Path) -> None:
    """Neither with the settings nor in an error about them."""
    variables = {"HF_TOKEN": "hf-hidden", "ANTIPHON_KEYS": '[{"name": "a", "key": "k-hidden", "kez": 1}]'}
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, variables)
    assert "hidden" not in str(caught.value)
    assert "hidden" not in repr(read(tmp_path, {"HF_TOKEN": "hf-hidden"}).settings)
