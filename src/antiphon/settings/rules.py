"""The rules that span several settings. Pure: a finished value in, the problems out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from antiphon.db import address
from antiphon.projects import model as project_rules
from antiphon.settings import campaigns, local_chain, tool_providers, topup
from antiphon.settings.model import KeySettings, Settings
from antiphon.settings.nodes import NodesSettings
from antiphon.settings.paths import SettingPath
from antiphon.settings.projects import ProjectSettings, as_project

PEPPER_CHARACTERS_MIN = 32
Broken = Iterator[tuple[SettingPath, str]]


def broken(settings: Settings) -> Broken:
    """Each broken rule with the path of the setting to change."""
    yield from _listening(settings)
    yield from _waiting(settings)
    yield from _serving(settings)
    for index, key in enumerate(settings.keys):
        yield from _key(key, index)
    yield from _repeated(("keys", "name"), [key.name for key in settings.keys])
    yield from _auth(settings)
    yield from _projects(settings)
    yield from _campaigns(settings)
    yield from _tool_providers(settings)
    if settings.database.url is not None and (fault := address.fault(settings.database.url.reveal())):
        yield ("database", "url"), fault
    yield from _chain(settings)
    yield from _topup(settings)
    yield from _nodes(settings)
    if settings.images.fetch == "allow-list" and not settings.images.allowed_hosts:
        yield ("images", "allowed_hosts"), "`images.fetch` is `allow-list`, so name at least one host"


def _chain(settings: Settings) -> Broken:
    url = settings.database.url
    if settings.chain == "local" and url is not None and not local_chain.own_books(url.reveal(), settings.data_dir):
        rule = "`chain: local` has books of its own, where test money never meets real money: leave this out"
        yield ("database", "url"), rule
    if settings.chain == "local" and settings.topup.network is not None:
        yield ("topup", "network"), "`chain: local` is paid on a chain of its own: leave one of the two out"


def _topup(settings: Settings) -> Broken:
    given = settings.topup
    host = "" if given.rpc_url is None else urlsplit(given.rpc_url.reveal()).hostname or ""
    for place, rule in topup.broken(given, development_key=settings.development_key, loopback_rpc=loopback(host)):
        yield ("topup", *place), rule


def _nodes_meant(settings: Settings) -> bool:
    """Whether any setting speaks of nodes, which may be all that serves."""
    return settings.nodes != NodesSettings()


def _nodes(settings: Settings) -> Broken:
    given, host = settings.nodes, settings.nodes.listen.rpartition(":")[0]
    if int(given.listen.rpartition(":")[2]) > 65_535:
        yield ("nodes", "listen"), "a port is at most 65535"
    if not loopback(host) and settings.server.tls_certificate is None and not settings.server.public_without_tls:
        rule = (
            f"`{host}` can be reached from other machines, where prompts would travel unencrypted: "
            "give `server.tls_certificate` and `server.tls_key`, or say `server.public_without_tls: true`"
        )
        yield ("nodes", "listen"), rule
    seeds = {name: getattr(given, name) is not None for name in ("operator_seed", "system_seed", "account_seed")}
    if any(seeds.values()) and not all(seeds.values()):
        missing = next(name for name, there in seeds.items() if not there)
        yield ("nodes", missing), "the three seeds are given together"
    models = enumerate(given.models or ())
    yield from _repeated_names([(("nodes", "models", index), model.name, model.aliases) for index, model in models])


def loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _listening(settings: Settings) -> Broken:
    server = settings.server
    if (server.tls_certificate is None) != (server.tls_key is None):
        missing = "tls_key" if server.tls_key is None else "tls_certificate"
        yield ("server", missing), "`tls_certificate` and `tls_key` are given together"
    if not loopback(server.host) and server.tls_certificate is None and not server.public_without_tls:
        rule = (
            f"`{server.host}` can be reached from other machines, where keys would travel unencrypted: "
            "give `server.tls_certificate` and `server.tls_key`, or say `server.public_without_tls: true`"
        )
        yield ("server", "host"), rule


def _waiting(settings: Settings) -> Broken:
    timeouts = settings.timeouts
    if timeouts.total_s > timeouts.total_s_max:
        yield ("timeouts", "total_s"), f"must not be above `timeouts.total_s_max` ({timeouts.total_s_max:g})"


def _serving(settings: Settings) -> Broken:
    own = [(("models", index), model.name, model.aliases) for index, model in enumerate(settings.models)]
    yield from _repeated_names(own)
    for place, upstream in enumerate(settings.upstreams):
        # The same name on two upstreams is wanted: they share the load. On one of them it is a mistake.
        offered = [
            (("upstreams", place, "models", index), model.name, model.aliases)
            for index, model in enumerate(upstream.models or ())
        ]
        yield from _repeated_names(offered)
    addresses = [upstream.url.rstrip("/").removesuffix("/v1") for upstream in settings.upstreams]
    yield from _repeated(("upstreams", "url"), addresses)
    yield from _repeated(("upstreams", "name"), [upstream.name for upstream in settings.upstreams])
    if not settings.models and not settings.upstreams and not settings.embedded_default and not _nodes_meant(settings):
        rule = "there is nothing to serve: name a model, an upstream or `nodes.models`, or allow the embedded default"
        yield ("models",), rule


def _key(key: KeySettings, index: int) -> Broken:
    if (key.key is None) == (key.key_sha256 is None):
        yield ("keys", index), "give exactly one of `key` and `key_sha256`"


def _auth(settings: Settings) -> Broken:
    auth, server = settings.auth, settings.server
    for field, pepper in (("pepper", auth.pepper), ("former_pepper", auth.former_pepper)):
        if pepper is not None and len(pepper.reveal()) < PEPPER_CHARACTERS_MIN:
            yield ("auth", field), f"give {PEPPER_CHARACTERS_MIN} characters or more, as `openssl rand -hex 32` does"
    known = auth.origins or server.base_url is not None or loopback(server.host)
    if auth.sign_in and not known:
        rule = "name the addresses that clients use, here or in `server.base_url`: wallets sign for one of them"
        yield ("auth", "origins"), rule


def _tool_providers(settings: Settings) -> Broken:
    for index, provider in enumerate(settings.tool_providers):
        for place, rule in tool_providers.broken(provider):
            yield ("tool_providers", index, *place), rule
    yield from _repeated(("tool_providers", "key"), [provider.key for provider in settings.tool_providers])


def _projects(settings: Settings) -> Broken:
    known = _known_models(settings)
    for index, project in enumerate(settings.projects):
        for place, rule in _project(project, known):
            yield ("projects", index, *place), rule
    yield from _repeated(("projects", "key"), [project.key for project in settings.projects])


def _campaigns(settings: Settings) -> Broken:
    for index, campaign in enumerate(settings.campaigns):
        for place, rule in campaigns.broken(campaign):
            yield ("campaigns", index, *place), rule
    named = [f"{campaign.account} {campaign.key}" for campaign in settings.campaigns]
    yield from _repeated(("campaigns", "key"), named)


def _project(project: ProjectSettings, known: frozenset[str] | None) -> Broken:
    yield from project_rules.broken(as_project(project))
    if project.arguments and project.system_prompt is None:
        yield ("arguments",), "there is no `system_prompt` that takes them"
    if known is None:
        return
    unknown = "`{}` is not in `models`, nor is it a model of `upstreams`"
    for index, name in enumerate(project.models):
        if name not in known:
            yield ("models", index), unknown.format(name)
    if not project.models and project.default_model is not None and project.default_model not in known:
        yield ("default_model",), unknown.format(project.default_model)


def _known_models(settings: Settings) -> frozenset[str] | None:
    """All names of models; None where an upstream is asked for its own."""
    if any(upstream.models is None for upstream in settings.upstreams):
        return None
    own = {name for model in settings.models for name in (model.name, *model.aliases)}
    offered = (model for upstream in settings.upstreams for model in upstream.models or ())
    return frozenset(own.union(*((model.name, *model.aliases) for model in offered)))


def _repeated(path: tuple[str, str], values: list[str] | list[str | None]) -> Broken:
    section, field = path
    for index, value in enumerate(values):
        if value is not None and value in values[:index]:
            yield (section, index, field), f"`{value}` stands there twice"


def _repeated_names(models: Sequence[tuple[SettingPath, str, tuple[str, ...]]]) -> Broken:
    seen: set[str] = set()
    for path, name, aliases in models:
        for place, own in ((("name",), name), *((("aliases", index), alias) for index, alias in enumerate(aliases))):
            if own in seen:
                yield (*path, *place), f"`{own}` already names a model"
            seen.add(own)
