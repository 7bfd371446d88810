"""Each example runs as its page says, against real gateways."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

import msgspec
import pytest
import yaml

from antiphon.chain.rpc import Rpc
from antiphon.chain.token import Token
from antiphon.chain.wallets import address_of, known_wallet
from antiphon.settings.load import examine
from antiphon.settings.model import Settings
from tests.clients.clients import OPENAI_NODE, OPENAI_PYTHON, X402, X402_NODE
from tests.clients.environments import find_node, prepare

from .processes import (
    REPOSITORY,
    Gateway,
    ask,
    chain_url,
    fault_engine,
    free_port,
    gateway,
    started,
    variables,
    wait_until,
)

EXAMPLES = REPOSITORY / "examples"
RUN_S = 60.0
MESSAGES = [{"role": "user", "content": "Say hello."}]
pytestmark = pytest.mark.timeout(600)  # the first run makes the environments of the official clients


def run(command: list[str], environment: dict[str, str]) -> str:
    """What a command prints; fails with its errors when it fails."""
    ran = subprocess.run(
        command, env=environment, cwd=REPOSITORY, timeout=RUN_S, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def client_variables(found: Gateway, folder: Path) -> dict[str, str]:
    """What the examples' page tells people to set."""
    return variables(folder, OPENAI_BASE_URL=found.base_url, OPENAI_API_KEY=found.key)


def chat(found: Gateway, model: str) -> tuple[int, dict[str, str]]:
    """The status of a short answer, and which node gave it."""
    body = {"model": model, "messages": MESSAGES, "max_tokens": 4}
    status, answer = ask(f"{found.base_url}/chat/completions", found.key, body)
    return status, answer.get("metadata", {})


def test_curl(built_in: Gateway, tmp_path: Path) -> None:
    """The shell script gets a list, an answer, a whole stream, valid JSON and a refusal."""
    printed = run(["bash", str(EXAMPLES / "curl" / "all.sh")], client_variables(built_in, tmp_path))
    parts = [part.partition("\n")[2].strip() for part in printed.split("== ")[1:]]
    models, answer, stream, verdict, refusal = parts
    assert json.loads(models)["data"][0]["id"] == "smollm2:135m"
    assert json.loads(answer)["choices"][0]["message"]["content"]
    assert stream.endswith("data: [DONE]")
    told = json.loads(json.loads(verdict)["choices"][0]["message"]["content"])
    assert told["answer"] in {"yes", "no"}
    assert json.loads(refusal)["error"]["param"] == "temperature"


@pytest.mark.parametrize("name", ["chat", "stream", "tools", "schema"])
def test_openai_package(built_in: Gateway, tmp_path: Path, name: str) -> None:
    """Each file for the official Python package ends well and prints what it is there for."""
    prepare(OPENAI_PYTHON)
    command = [str(OPENAI_PYTHON.interpreter), str(EXAMPLES / "openai-sdk" / f"{name}.py")]
    printed = run(command, client_variables(built_in, tmp_path))
    wanted = {"chat": "Did you mean 'smollm2:135m'?", "stream": " tokens\n", "tools": "add({", "schema": "Order("}
    assert wanted[name] in printed


def test_openai_package_for_node(built_in: Gateway, tmp_path: Path) -> None:
    """The file for Node does the same as the one for Python."""
    made = prepare(OPENAI_NODE)
    (tmp_path / "node_modules").symlink_to(made / "node_modules")
    shutil.copy(EXAMPLES / "openai-sdk" / "chat.mjs", tmp_path)
    printed = run([*find_node().node, str(tmp_path / "chat.mjs")], client_variables(built_in, tmp_path))
    assert "Did you mean 'smollm2:135m'?" in printed


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory, chain_packages: Path) -> Iterator[Gateway]:
    """A gateway as `antiphon serve --chain local` starts it."""
    folder = tmp_path_factory.mktemp("paid")
    chain = folder / "data" / "chain"
    chain.mkdir(parents=True)
    (chain / "packages").symlink_to(chain_packages)
    with gateway(folder, ["--chain", "local"]) as found:
        yield found


def wallet_variables(found: Gateway, folder: Path, number: int) -> dict[str, str]:
    """What the page of the wallet's agent tells people to set; the wallet is one of its own, with test money."""
    file, private_key = folder / "wallet-key", known_wallet(400 + number)
    file.write_text(private_key)
    Token(Rpc(chain_url(found.process.pid))).mint(address_of(private_key), 2_000_000)
    return variables(folder, OPENAI_BASE_URL=found.base_url, WALLET_KEY_FILE=str(file))


def test_wallet_agent(paid: Gateway, tmp_path: Path) -> None:
    """With a wallet and nothing else it gets an answer, for what that costs."""
    prepare(X402)
    command = [str(X402.interpreter), str(EXAMPLES / "wallet-agent" / "agent.py")]
    has_paid(run(command, wallet_variables(paid, tmp_path, 1)))


def test_wallet_agent_on_node(paid: Gateway, tmp_path: Path) -> None:
    """The file for Node does the same as the one for Python."""
    (tmp_path / "node_modules").symlink_to(prepare(X402_NODE) / "node_modules")
    shutil.copy(EXAMPLES / "wallet-agent" / "agent.mjs", tmp_path)
    has_paid(run([*find_node().node, str(tmp_path / "agent.mjs")], wallet_variables(paid, tmp_path, 2)))


def has_paid(printed: str) -> None:
    """Fail unless it was refused, paid, was answered, and what is left is what it paid less the price."""
    refusal, payment, *_, told = printed.strip().splitlines()
    assert "not enough credit" in refusal
    assert payment.startswith("paid 2 USDC in 0x")
    cost, left = re.findall(r"[0-9]+\.[0-9]+", told)
    assert Decimal(cost) > 0
    assert Decimal(cost) + Decimal(left) == Decimal(2)


def test_configuration_is_good(tmp_path: Path) -> None:
    """The file with comments has no mistake, and says something of every section that there is."""
    file = EXAMPLES / "config" / "antiphon.yaml"
    found = examine(config=file, variables={"VENDOR_KEY": "secret"}, folder=tmp_path)
    assert not found.problems
    sections = {field.name for field in msgspec.structs.fields(Settings)} - {"embedded_default", "hub"}
    assert sections == set(yaml.safe_load(file.read_text()))


def test_my_engine(tmp_path: Path) -> None:
    """The server gets its key and its own name for the model; clients see ours, with context and prices."""
    file = EXAMPLES / "my-engine" / "antiphon.yaml"
    with fault_engine(tmp_path, model="acme-7b-instruct", api_key="acme-secret") as url:
        environment = {"MY_ENGINE": url, "MY_ENGINE_KEY": "acme-secret", "DATA_DIR": str(tmp_path / "data")}
        with gateway(tmp_path, ["--config", str(file)], key="my-engine-example", **environment) as found:
            assert chat(found, "acme") == (200, {"node_id": "my-engine"})
            assert chat(found, "acme-7b")[0] == 200
            model = ask(f"{found.base_url}/models/acme", found.key)[1]
    assert (model["context_length"], model["aliases"]) == (8192, ["acme-7b"])
    assert model["pricing"]["completion_micro_usdc_per_mtoken"] == 400_000


def test_channel_agent(built_in: Gateway, tmp_path: Path) -> None:
    """It answers a request in the channel, once, also when it is begun anew."""
    body = {"channel": "requests", "content": "Say hello."}
    status, request = ask(f"{built_in.base_url}/channel", built_in.key, body)
    assert status == 200
    command = [sys.executable, str(EXAMPLES / "channel-agent" / "agent.py"), "requests", "1"]
    first, again = (run(command, client_variables(built_in, tmp_path)) for _ in range(2))
    assert f"To {request['id']}: " in first
    assert again == first


def test_my_dialect(tmp_path: Path) -> None:
    """A door of one's own stands beside the others: plain, streamed, and with its own errors."""
    config = tmp_path / "antiphon.yaml"
    with fault_engine(tmp_path, model="words") as url:
        config.write_text(yaml.safe_dump({"server": {"port": 0}, "upstreams": [{"url": url}]}))
        command = [sys.executable, str(EXAMPLES / "my-dialect" / "serve.py"), str(config)]
        environment = variables(tmp_path, ANTIPHON_DATA_DIR=str(tmp_path / "data"))
        with started(command, environment, tmp_path / "log") as process:
            root, key = ready_line(process)
            address = f"{root}/plain/chat/completions"
            status, answer = ask(address, key, {"model": "words", "question": "Hello?", "words_max": 2})
            assert (status, set(answer), answer["tokens"]) == (200, {"answer", "tokens"}, 4)
            refused, told = ask(address, key, {"model": "words", "question": "Hello?", "words_max": 0})
            assert (refused, "words_max" in told["error"]) == (400, True)
            body = {"model": "words", "messages": MESSAGES, "max_tokens": 2}
            assert ask(f"{root}/v1/chat/completions", key, body)[0] == 200


def ready_line(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Where the gateway of the example is, and its key, once it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        word, root, key = line.split()
        if word == "ready":
            return root, key
    raise AssertionError("it never became ready")


def test_local_network_goes_on_with_one_engine(tmp_path: Path) -> None:
    """Both engines have a share; when one is gone, the other answers everything."""
    file = EXAMPLES / "local-network" / "antiphon.yaml"
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    secret = "local-network-engines"
    with fault_engine(second, model="shared", api_key=secret) as b, contextlib.ExitStack() as doomed:
        a = doomed.enter_context(fault_engine(first, model="shared", api_key=secret))
        environment = {"ENGINE_A": a, "ENGINE_B": b, "DATA_DIR": str(tmp_path / "data")}
        with gateway(tmp_path, ["--config", str(file)], key="local-network-example", **environment) as found:
            wait_until(lambda: nodes(found) == 2, what="both engines are up")
            assert chat(found, "shared")[1]["node_id"] in {"engine-a", "engine-b"}
            doomed.close()
            assert [chat(found, "shared") for _ in range(4)] == [(200, {"node_id": "engine-b"})] * 4


def nodes(found: Gateway) -> int:
    """How many nodes can serve the first model."""
    return int(ask(f"{found.root}/health")[1]["models"][0]["nodes"])


def test_local_network_script(tmp_path: Path) -> None:
    """The script brings up two engines and the gateway, and takes all of them down again."""
    ports = {name: str(free_port()) for name in ("GATEWAY_PORT", "PORT_A", "PORT_B")}
    environment = variables(tmp_path, ANTIPHON_DATA_DIR=str(tmp_path / "engines"), **ports)
    environment["DATA_DIR"] = str(tmp_path / "data")
    log = tmp_path / "script.log"
    command = ["bash", str(EXAMPLES / "local-network" / "start.sh")]
    url = f"http://127.0.0.1:{ports['GATEWAY_PORT']}"
    with started(command, environment, log) as process:
        found = Gateway(f"{url}/v1", "local-network-example", tmp_path, process)
        ready = "the gateway answers with the model of its engines"
        wait_until(lambda: listens(url) and chat(found, "smollm2:135m")[0] == HTTPStatus.OK, what=ready)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        process.wait(RUN_S)
    assert not any(listens(f"http://127.0.0.1:{port}") for port in ports.values())


def listens(url: str) -> bool:
    """Whether a gateway answers there."""
    try:
        return ask(f"{url}/health")[0] in {200, 503}
    except OSError:
        return False


def test_every_example_has_a_page() -> None:
    """Each folder has a README, and the examples' page links it."""
    listed = (EXAMPLES / "README.md").read_text()
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))]
    assert len(folders) == 8
    for folder in folders:
        assert (folder / "README.md").is_file()
        assert f"({folder.name}/README.md)" in listed
