"""The gateway that all clients are tried on: two small models, two engines that obey, and one that is not there.

At Adaptive's door a model is named behind its project: the one that every gateway has.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

from antiphon.chain.local import TEST_MONEY, LocalChain
from antiphon.chain.wallets import address_of, known_wallet
from antiphon.testing.gateway_process import GatewayProcess
from tests.fixtures.vision.colours import SAFE
from tests.fixtures.vision.pictures import data_url, solid

from .client import Client

PROJECT = "default"
MODEL = "lab/smollm2:135m"  # a slash and a colon, as real names have
VISION_MODEL = "lab/eyes:135m"
FAULT_MODEL = "fault-model"
ALIGNED_MODEL = "aligned-model"
EMBEDDING_MODEL = "vectors"
DOWN_MODEL = "nobody-at-home"
PAID_MODEL = "paid-model"
METRIC = "thumbs"
KEY = "sk-clients-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
DKN_KEY = "dkn_test_clients2a97516c354b68848cdbd8f54a226a0a"
REFILLED_PER_MINUTE = 30
IMAGE_SIZE = (64, 64)
WARM_S = 60.0
POLL_S = 0.1
SETTINGS = f"""
[auth]
sign_in = true
[topup]
network = "eip155:84532"
rpc_url = "{{rpc_url}}"
pay_to = "{{pay_to}}"
facilitator_key = "{{facilitator_key}}"
[[keys]]
name = "all"
key = "{KEY}"
admin = true
[[keys]]
name = "dria"
key = "{DKN_KEY}"
{{limited}}
[[models]]
name = "{MODEL}"
reference = "smollm2:135m"
context_length = 2048
[[models]]
name = "{VISION_MODEL}"
reference = "smollm2:135m"
mmproj = "{{projector}}"
context_length = 2048
[[upstreams]]
name = "obedient"
url = "{{obedient}}"
kind = "llama.cpp"
[[upstreams.models]]
name = "{FAULT_MODEL}"
modalities = ["text"]
tools = "native"
[[upstreams.models]]
name = "{ALIGNED_MODEL}"
upstream_name = "{FAULT_MODEL}"
modalities = ["text"]
tools = "native"
domain_aligned = true
[[upstreams.models]]
name = "{PAID_MODEL}"
upstream_name = "{FAULT_MODEL}"
modalities = ["text"]
prices = {{{{ prompt = 1_000_000, completion = 2_000_000 }}}}
[[upstreams]]
name = "embedding"
url = "{{embedding}}"
kind = "llama.cpp"
models = [{{{{ name = "{EMBEDDING_MODEL}" }}}}]
[[upstreams]]
name = "absent"
url = "http://127.0.0.1:9"
kind = "llama.cpp"
models = [{{{{ name = "{DOWN_MODEL}" }}}}]
"""
LIMITED = """
[[keys]]
name = "{name}"
key = "{key}"
requests_per_minute = {rate}
"""


def settings(clients: tuple[Client, ...], *, obedient: str, embedding: str, projector: Path, chain: LocalChain) -> str:
    """The gateway's settings; each client has two keys of its own whose limits it may spend."""
    limited = [
        LIMITED.format(name=f"{kind}-{client.name}", key=limited_key(kind, client), rate=rate)
        for client in clients
        for kind, rate in (("once", 1), ("refilled", REFILLED_PER_MINUTE))
    ]
    return SETTINGS.format(
        limited="".join(limited),
        projector=projector,
        obedient=obedient,
        embedding=embedding,
        rpc_url=chain.rpc_url,
        pay_to=chain.merchant.address,
        facilitator_key=chain.facilitator.private_key,
    )


def wallets(client: Client) -> list[str]:
    """The private keys of a client's wallets, which no other client has."""
    return [known_wallet(int.from_bytes(f"{client.name}-{number}".encode())) for number in range(client.wallets)]


def fund(clients: tuple[Client, ...], chain: LocalChain) -> None:
    """Give all wallets test money."""
    for client in clients:
        for private_key in wallets(client):
            chain.token.mint(address_of(private_key), TEST_MONEY)


def limited_key(kind: str, client: Client) -> str:
    """A client's key of a kind, `once` or `refilled`."""
    return f"sk-{kind}-{client.name}-7516c354b68848cdbd8f54a226a0a55b21ed1"


def variables(origin: str, client: Client) -> dict[str, str]:
    """What a client's scenarios are told."""
    project = f"{PROJECT}/" if client.door == "adaptive" else ""
    return {
        "DOOR": client.door,
        "ORIGIN": origin,
        "BASE_URL": origin + client.prefix,
        "PROJECT": PROJECT,
        "METRIC": METRIC,
        "KEY": KEY,
        "DKN_KEY": DKN_KEY,
        "ONCE_KEY": limited_key("once", client),
        "REFILLED_KEY": limited_key("refilled", client),
        "MODEL": project + MODEL,
        "VISION_MODEL": project + VISION_MODEL,
        "FAULT_MODEL": project + FAULT_MODEL,
        "ALIGNED_MODEL": project + ALIGNED_MODEL,
        "EMBEDDING_MODEL": project + EMBEDDING_MODEL,
        "DOWN_MODEL": project + DOWN_MODEL,
        "PAID_MODEL": project + PAID_MODEL,
        "WALLETS": ",".join(wallets(client)),
        "RED_IMAGE": data_url(solid(SAFE["red"], size=IMAGE_SIZE)),
    }


async def warm(gateway: GatewayProcess) -> None:
    """Return once all models but the absent one can be served; TimeoutError when they cannot in time."""
    async with asyncio.timeout(WARM_S):
        while await _missing(gateway) != {DOWN_MODEL}:
            await asyncio.to_thread(Event().wait, POLL_S)


async def furnish(gateway: GatewayProcess) -> None:
    """Make what clients refer to."""
    made = await gateway.ask("/v1/feedback/metrics", {"key": METRIC, "kind": "BOOL"}, key=KEY)
    assert made.status == 201, made


async def _missing(gateway: GatewayProcess) -> set[str]:
    """The models that no engine serves now."""
    told = (await gateway.ask("/health")).json()["models"]
    return {str(model["id"]) for model in told if not model["nodes"]}
