"""Rules that span several settings."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.settings.auth import AuthSettings
from antiphon.settings.model import EMBEDDED_DEFAULT, DatabaseSettings, Images, KeySettings, Settings, Timeouts
from antiphon.settings.nodes import NodesSettings
from antiphon.settings.paths import path_text
from antiphon.settings.projects import ArgumentSettings, ProjectSettings
from antiphon.settings.rules import broken, loopback
from antiphon.settings.secret import Secret
from antiphon.settings.server import ServerSettings
from antiphon.settings.serving import ModelSettings, UpstreamModel, UpstreamSettings
from antiphon.settings.tool_providers import ToolProviderSettings

SKY = ToolProviderSettings(key="sky", url="http://sky/mcp")
NAMED = UpstreamModel(name="m")
FTP = ToolProviderSettings(key="sea", url="ftp://sea/mcp")


def wrong(settings: Settings) -> dict[str, str]:
    """Path and rule of each broken rule."""
    return {path_text(path): rule for path, rule in broken(settings)}


def model(name: str, *aliases: str) -> ModelSettings:
    """A model with a name."""
    return ModelSettings(name=name, reference="x.gguf", aliases=aliases)


def upstream(url: str, *names: str, name: str | None = None) -> UpstreamSettings:
    """An upstream that offers models of these names."""
    return UpstreamSettings(url=url, name=name, models=tuple(UpstreamModel(name=each) for each in names) or None)


Y = ArgumentSettings(name="y")


def project(
    *,
    models: tuple[str, ...] = (),
    default_model: str | None = None,
    system_prompt: str | None = None,
    arguments: tuple[ArgumentSettings, ...] = (),
) -> ProjectSettings:
    """A project of that key, which is always the same."""
    return ProjectSettings(
        key="p", models=models, default_model=default_model, system_prompt=system_prompt, arguments=arguments
    )


def serving(of: ProjectSettings, *, asked: bool = False) -> Settings:
    """A project beside the models a, b, m and n, of which two are an upstream's; perhaps one more upstream is asked."""
    named = UpstreamSettings(url="http://a", models=(UpstreamModel(name="m", aliases=("n",)),))
    upstreams = (named, upstream("http://b")) if asked else (named,)
    return Settings(models=(model("a", "b"),), upstreams=upstreams, projects=(of,))


def test_the_defaults_break_no_rule() -> None:
    """With the embedded model in place, as load.py puts it."""
    assert wrong(Settings(models=(EMBEDDED_DEFAULT,))) == {}


PUBLIC: dict[str, object] = {"host": "0.0.0.0"}
CERTIFICATE: dict[str, object] = {"tls_certificate": "c.pem", "tls_key": "k.pem"}
SERVERS: list[tuple[dict[str, object], list[str]]] = [
    (PUBLIC, ["server.host"]),
    ({"host": "::"}, ["server.host"]),
    ({"host": "example.org"}, ["server.host"]),
    ({**PUBLIC, "public_without_tls": True}, []),
    ({**PUBLIC, **CERTIFICATE}, []),
    ({"host": "::1"}, []),
    ({"host": "localhost"}, []),
    ({"tls_certificate": "c.pem"}, ["server.tls_key"]),
    ({"tls_key": "k.pem"}, ["server.tls_certificate"]),
]


@pytest.mark.parametrize(("server", "paths"), SERVERS)
def test_where_it_listens(server: dict[str, object], paths: list[str]) -> None:
    """A public address needs TLS or a word that there is some elsewhere."""
    assert list(wrong(Settings(server=msgspec.convert(server, ServerSettings)))) == paths


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        (Settings(timeouts=Timeouts(total_s=2000)), ["timeouts.total_s"]),
        (Settings(images=Images(fetch="allow-list")), ["images.allowed_hosts"]),
        (Settings(images=Images(fetch="allow-list", allowed_hosts=("a",))), []),
        (Settings(models=(model("a"), model("a"))), ["models[1].name"]),
        (Settings(models=(model("a"), model("b", "c", "a"))), ["models[1].aliases[1]"]),
        (Settings(upstreams=(upstream("http://a"), upstream("http://a/v1"))), ["upstreams[1].url"]),
        (Settings(upstreams=(upstream("http://a", name="x"), upstream("http://b", name="x"))), ["upstreams[1].name"]),
        (Settings(upstreams=(upstream("http://a", "m", "m"),)), ["upstreams[0].models[1].name"]),
        (Settings(upstreams=(upstream("http://a", "m"), upstream("http://b", "m"))), []),
        (Settings(database=DatabaseSettings(url=Secret("mysql://a/b"))), ["database.url"]),
        (Settings(database=DatabaseSettings(url=Secret("postgresql://a/b"))), []),
        (Settings(embedded_default=False), ["models"]),
        (Settings(embedded_default=False, nodes=NodesSettings(models=(NAMED,))), []),
        (Settings(embedded_default=False, upstreams=(upstream("http://a"),)), []),
        (Settings(keys=(KeySettings(name="a"),)), ["keys[0]"]),
        (Settings(keys=(KeySettings(name="a", key=Secret("k"), key_sha256="0" * 64),)), ["keys[0]"]),
        (Settings(keys=(KeySettings(name="a", key=Secret("k")),)), []),
        (
            Settings(keys=(KeySettings(name="a", key=Secret("k")), KeySettings(name="a", key=Secret("l")))),
            ["keys[1].name"],
        ),
        (Settings(nodes=NodesSettings(listen="0.0.0.0:4222")), ["nodes.listen"]),
        (Settings(nodes=NodesSettings(listen="0.0.0.0:4222"), server=ServerSettings(public_without_tls=True)), []),
        (Settings(nodes=NodesSettings(listen="localhost:70000")), ["nodes.listen"]),
        (Settings(nodes=NodesSettings(system_seed=Secret("SA"))), ["nodes.operator_seed"]),
        (Settings(nodes=NodesSettings(models=(NAMED, NAMED))), ["nodes.models[1].name"]),
        (Settings(projects=(project(), project())), ["projects[1].key"]),
        (Settings(tool_providers=(SKY, SKY)), ["tool_providers[1].key"]),
        (Settings(tool_providers=(SKY, FTP)), ["tool_providers[1].url"]),
        (serving(project(models=("a",), default_model="m")), ["projects[0].default_model"]),
        (Settings(projects=(project(system_prompt="x", arguments=(Y,)),)), ["projects[0].arguments[0].name"]),
        (Settings(projects=(project(arguments=(Y,)),)), ["projects[0].arguments"]),
        (serving(project(models=("a", "b", "m", "n"), default_model="a")), []),
        (serving(project(models=("x", "a"), default_model="x")), ["projects[0].models[0]"]),
        (serving(project(default_model="b")), []),
        (serving(project(default_model="x")), ["projects[0].default_model"]),
        (serving(project(default_model="x"), asked=True), []),
    ],
)
def test_what_contradicts_itself(settings: Settings, paths: list[str]) -> None:
    """The setting to change is named."""
    assert list(wrong(settings)) == paths


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("a.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_which_hosts_stay_on_this_machine(host: str, *, local: bool) -> None:
    """Everything else can be reached from outside."""
    assert loopback(host) is local


@pytest.mark.parametrize("field", ["pepper", "former_pepper"])
def test_a_short_pepper_is_none(field: str) -> None:
    """It has to be as hard to guess as a key."""
    settings = Settings(auth=msgspec.structs.replace(AuthSettings(), **{field: Secret("p" * 31)}))
    assert list(wrong(settings)) == [f"auth.{field}"]
    long_enough = msgspec.structs.replace(AuthSettings(), **{field: Secret("p" * 32)})
    assert wrong(Settings(auth=long_enough)) == {}


def test_wallets_sign_for_an_address_that_is_known() -> None:
    """A gateway that listens everywhere cannot know what its clients call it."""
    everywhere = ServerSettings(host="0.0.0.0", public_without_tls=True)
    auth = AuthSettings(sign_in=True)
    assert list(wrong(Settings(auth=auth, server=everywhere))) == ["auth.origins"]
    assert wrong(Settings(auth=auth)) == {}
    assert wrong(Settings(server=everywhere)) == {}
    assert wrong(Settings(auth=AuthSettings(sign_in=True, origins=("https://gw.example",)), server=everywhere)) == {}
    named = msgspec.structs.replace(everywhere, base_url="https://gw.example")
    assert wrong(Settings(auth=auth, server=named)) == {}
