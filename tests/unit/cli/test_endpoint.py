"""Which gateway a command talks to, and with which key."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.accounts.development import development_key as make_key
from antiphon.cli.endpoint import Endpoint, base_url_of, development_key, endpoint, own_address
from antiphon.settings.model import Settings
from antiphon.settings.server import ServerSettings

LOCAL = "http://127.0.0.1:8000/v1"


def found(folder: Path, *, base_url: str | None = None, key: str | None = None, **variables: str) -> Endpoint:
    """The endpoint with a data folder of our own."""
    variables = {"ANTIPHON_DATA_DIR": str(folder / "data"), **variables}
    return endpoint(base_url=base_url, key=key, variables=variables, folder=folder)


def test_our_own_gateway_is_the_default(tmp_path: Path) -> None:
    """With its development key, once there is one."""
    assert found(tmp_path) == Endpoint(LOCAL, None)
    own = make_key(tmp_path / "data")
    assert found(tmp_path) == Endpoint(LOCAL, own)


def test_the_configuration_says_where_it_listens(tmp_path: Path) -> None:
    """In the file or the environment."""
    (tmp_path / "antiphon.yaml").write_text("server: {port: 9000}\n")
    assert found(tmp_path).base_url == "http://127.0.0.1:9000/v1"
    assert found(tmp_path, ANTIPHON_SERVER__PORT="9001").base_url == "http://127.0.0.1:9001/v1"


def test_flags_go_before_the_environment(tmp_path: Path) -> None:
    """For address and key."""
    variables = {"OPENAI_BASE_URL": "https://a.example/v1", "OPENAI_API_KEY": "shared", "ANTIPHON_CLIENT_KEY": "mine"}
    assert found(tmp_path, **variables) == Endpoint("https://a.example/v1", "mine")
    assert found(tmp_path, base_url="https://b.example/x/", key="k", **variables) == Endpoint(
        "https://b.example/x", "k"
    )


def test_the_development_key_stays_on_this_machine(tmp_path: Path) -> None:
    """It goes to loopback addresses only."""
    own = make_key(tmp_path / "data")
    assert found(tmp_path, base_url="http://localhost:9000").key == own
    assert found(tmp_path, OPENAI_BASE_URL="http://[::1]:9000/v1").key == own
    assert found(tmp_path, base_url="https://other.example/v1").key is None


def test_the_shared_key_belongs_to_the_shared_address(tmp_path: Path) -> None:
    """A gateway of our own is asked with our own key although another service's key lies in the environment."""
    own = make_key(tmp_path / "data")
    assert found(tmp_path, OPENAI_API_KEY="other").key == own
    assert found(tmp_path, base_url="http://127.0.0.1:9000", OPENAI_API_KEY="other").key == own
    assert found(tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9000/v1", OPENAI_API_KEY="shared").key == "shared"


def test_a_switched_off_development_key_is_not_used(tmp_path: Path) -> None:
    """Although its file may still be there."""
    make_key(tmp_path / "data")
    assert found(tmp_path, ANTIPHON_DEVELOPMENT_KEY="false").key is None


@pytest.mark.parametrize(
    ("server", "address"),
    [
        (ServerSettings(), LOCAL),
        (ServerSettings(host="0.0.0.0", port=1), "http://127.0.0.1:1/v1"),
        (ServerSettings(host="::", port=1), "http://[::1]:1/v1"),
        (ServerSettings(host="h", port=1, tls_certificate="c", tls_key="k"), "https://h:1/v1"),
        (ServerSettings(base_url="https://ai.example.org/"), "https://ai.example.org/v1"),
        (ServerSettings(base_url="https://ai.example.org/v1"), "https://ai.example.org/v1"),
    ],
)
def test_where_a_gateway_is_on_this_machine(server: ServerSettings, address: str) -> None:
    """From what it listens on, or as the settings say."""
    assert own_address(Settings(server=server)) == address


@pytest.mark.parametrize("address", ["http://h", "http://h/", "http://h/v1", "http://h/v1/"])
def test_the_base_url_ends_in_v1(address: str) -> None:
    """As SDKs want it."""
    assert base_url_of(address) == "http://h/v1"


def test_the_root_is_without_v1() -> None:
    """Health is there."""
    assert Endpoint("http://h:1/v1", None).root == "http://h:1"


def test_an_unreadable_key_is_none(tmp_path: Path) -> None:
    """Broken files are not sent."""
    (tmp_path / "development-key").write_bytes(b"\xff\xfe")
    assert development_key(tmp_path) is None
    assert development_key(tmp_path / "none") is None
