"""The flags of `serve` and `config` that set settings, and what each sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from antiphon.settings.layers import Assignment

SINGLE = {
    "host": "server.host",
    "port": "server.port",
    "data_dir": "data_dir",
    "chain": "chain",
    "log_level": "observability.log_level",
    "tls_certificate": "server.tls_certificate",
    "tls_key": "server.tls_key",
}
OF_EVERY_MODEL = ("context_length", "parallel", "threads")
KINDS = ("auto", "llama.cpp", "vllm", "sglang", "ollama", "openai")


@dataclass(frozen=True, kw_only=True)
class SettingFlags:
    """One field a flag; None or empty where the flag was not given."""

    config: Path | None = None
    """Configuration file; otherwise ANTIPHON_CONFIG, then antiphon.yaml, .yml or .toml in the current folder."""
    host: str | None = None
    """Address to listen on."""
    port: int | None = None
    """Port to listen on; 0 takes any free one."""
    model: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Model to run, as REF or NAME=REF; REF is a path, a known name, hf:owner/repo/file or a URL. Repeatable."""
    mmproj: str | None = None
    """Image projector of the one model, so that it takes images."""
    context_length: int | None = None
    """Context of one request in tokens, for every model run here."""
    parallel: int | None = None
    """Requests generated at once, for every model run here."""
    threads: int | None = None
    """Processor threads, for every model run here."""
    no_model: bool = False
    """Run no embedded default model."""
    upstream: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Server that speaks the OpenAI wire, as URL or KIND+URL, such as vllm+http://gpu:8000. Repeatable."""
    upstream_kind: Literal["auto", "llama.cpp", "vllm", "sglang", "ollama", "openai"] | None = None
    """Engine of the upstreams that name none."""
    upstream_key: str | None = None
    """Key sent to the upstreams; better kept in the environment or the file."""
    key: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Key that clients may use, as KEY or NAME=KEY. Repeatable."""
    nats: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Server of a NATS cluster that nodes come to, in place of the embedded broker: nats://HOST:PORT. Repeatable."""
    data_dir: str | None = None
    """Folder of model files and the development key."""
    chain: Literal["local"] | None = None
    """Run a chain with test money on this machine, to try out sign-in by wallet and top-up; takes npm once."""
    tls_certificate: str | None = None
    """TLS certificate chain (PEM)."""
    tls_key: str | None = None
    """TLS private key (PEM)."""
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    """The least important log lines that are written."""
    set: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """Any setting, as path=value, such as timeouts.first_token_s=20. Repeatable."""


def assignments(flags: SettingFlags) -> list[Assignment]:
    """What the flags set, in the order in which later ones win: `--set` is last. Bad ones raise ConfigError."""
    from antiphon.settings.layers import Assignment
    from antiphon.settings.paths import EVERY, parse_path

    found = [
        Assignment(parse_path(path), value, f"flag {flag_name(name)}")
        for name, path in SINGLE.items()
        if (value := getattr(flags, name)) is not None
    ]
    if flags.no_model:
        found.append(Assignment(("embedded_default",), False, "flag --no-model"))
    found += _lists(flags)
    found += [
        Assignment(("models", EVERY, name), value, f"flag {flag_name(name)}")
        for name in OF_EVERY_MODEL
        if (value := getattr(flags, name)) is not None
    ]
    if flags.mmproj is not None:
        found.append(Assignment(("models", 0, "mmproj"), flags.mmproj, "flag --mmproj"))
    return found + list(_any_setting(flags.set))


def flag_name(field: str) -> str:
    """`context_length` as `--context-length`."""
    return "--" + field.replace("_", "-")


def _lists(flags: SettingFlags) -> Iterator[Assignment]:
    from antiphon.settings.layers import Assignment

    if flags.mmproj is not None and len(flags.model) > 1:
        raise _wrong("--mmproj", "belongs to one model; with several, name it in the configuration file")
    if flags.model:
        yield Assignment(("models",), [_model(text) for text in flags.model], "flag --model")
    if flags.upstream:
        upstreams = [_upstream(text, flags) for text in flags.upstream]
        yield Assignment(("upstreams",), upstreams, "flag --upstream")
    elif flags.upstream_key or flags.upstream_kind:
        raise _wrong("--upstream", "is missing, as --upstream-key or --upstream-kind was given")
    if flags.nats:
        yield Assignment(("nodes", "nats"), list(flags.nats), "flag --nats")
    if flags.key:
        keys = [_key(text, number) for number, text in enumerate(flags.key, 1)]
        yield Assignment(("keys",), keys, "flag --key")


def _model(text: str) -> dict[str, object]:
    import msgspec

    from antiphon.settings.model import EMBEDDED_DEFAULT

    name, reference = _named(text)
    model: dict[str, object] = {"name": name or name_of(reference), "reference": reference}
    if reference == EMBEDDED_DEFAULT.reference:
        model["defaults"] = msgspec.to_builtins(EMBEDDED_DEFAULT.defaults)
    return model


def name_of(reference: str) -> str:
    """The name of a model that was given by its reference only: a known name itself, else the file's name."""
    hub = reference.startswith("hf:")
    if not hub and "/" not in reference and not reference.lower().endswith(".gguf"):
        return reference
    plain = re.split(r"[?#]", reference)[0]
    last = plain.rpartition("/")[2]
    if hub:
        last = re.split("[:@]", plain.removeprefix("hf:"))[0].rpartition("/")[2]
    stem = re.sub(r"(\.gguf|-GGUF)$", "", last, flags=re.IGNORECASE)
    readable = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-" for letter in stem)
    return readable.strip("._-") or "model"


def _upstream(text: str, flags: SettingFlags) -> dict[str, object]:
    before, plus, after = text.partition("+")
    kind, url = (before, after) if plus and before in KINDS else (flags.upstream_kind or "auto", text)
    upstream: dict[str, object] = {"url": url, "kind": kind}
    if flags.upstream_key:
        upstream["api_key"] = flags.upstream_key
    return upstream


def _key(text: str, number: int) -> dict[str, object]:
    name, key = _named(text)
    return {"name": name or f"key-{number}", "key": key}


def _named(text: str) -> tuple[str | None, str]:
    name, equals, rest = text.partition("=")
    plain = bool(name) and name[0].isalnum() and "://" not in name and not name.startswith("hf:")
    return (name, rest) if equals and rest and plain else (None, text)


def _any_setting(texts: tuple[str, ...]) -> Iterator[Assignment]:
    from antiphon.settings.layers import Assignment
    from antiphon.settings.model import Settings
    from antiphon.settings.paths import parse_path
    from antiphon.settings.schema import Schema
    from antiphon.settings.texts import from_text

    schema = Schema(Settings) if texts else None
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or schema is None:
            raise _wrong("--set", f"takes path=value, not `{text}`")
        path = parse_path(name)
        yield Assignment(path, from_text(value, schema.find(path)), f"flag --set {name}")


def _wrong(flag: str, rule: str) -> Exception:
    from antiphon.errors import ConfigError

    return ConfigError(f"{flag} {rule}.")
