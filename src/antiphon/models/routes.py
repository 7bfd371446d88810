"""GET /v1/models and /v1/models/{id}: OpenAI's list with what users and tools want to know besides."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.errors import PermissionDenied
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.models.catalogue import Catalogue, Model, Prices
from antiphon.models.overview import NodeView
from antiphon.models.placement import Placement

EMBEDDING_PARAMETERS = ("dimensions", "encoding_format", "timeout_secs")
THINKING_PARAMETERS = ("reasoning", "reasoning_effort")
SUPPORTED_PARAMETERS = (
    "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "max_ttft_ms", "min_p", "n",
    "parallel_tool_calls", "presence_penalty", "repetition_penalty", "response_format", "seed", "stop", "stream",
    "stream_options", "temperature", "timeout_secs", "tool_choice", "tools", "top_k", "top_logprobs", "top_p",
)  # fmt: skip


class WirePrices(Struct):
    """USDC per token as decimal strings, as model lists elsewhere show it, and our own exact integers.

    What is absent costs as much as the prompt's or the completion's other tokens.
    """

    prompt: str
    completion: str
    prompt_micro_usdc_per_mtoken: int
    completion_micro_usdc_per_mtoken: int
    cached: str | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    cached_micro_usdc_per_mtoken: int | UnsetType = UNSET
    reasoning_micro_usdc_per_mtoken: int | UnsetType = UNSET
    image_micro_usdc_per_mtoken: int | UnsetType = UNSET


class WireModel(Struct):
    """A model. `type` is `text`, `vision` or `embedding`.

    `state` is `warm` when a node can answer now, `cold` when one can once it has loaded the model, and `unavailable`
    when none can. `node_states` is there for keys of administrators.
    """

    id: str
    created: int
    owned_by: str
    type: str
    nodes: int
    state: str
    context_length: int | None
    modalities: list[str]
    supported_parameters: tuple[str, ...]
    quantisation: str | None
    pricing: WirePrices
    aliases: tuple[str, ...]
    object: str = "model"
    node_states: list[NodeView] | UnsetType = UNSET


class WireModels(Struct):
    """The list."""

    data: list[WireModel]
    object: str = "list"


class ModelRoutes:
    """The models that the caller's key may use."""

    def __init__(self, catalogue: Catalogue, placement: Placement) -> None:
        self._catalogue = catalogue
        self._placement = placement

    async def list(self, exchange: Exchange) -> None:
        """All of them."""
        allowed = require_key(exchange).models
        models = [self._wire(model) for model in self._catalogue.list() if not allowed or model.id in allowed]
        exchange.respond(200, msgspec.json.encode(WireModels(models)), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One, by id or alias."""
        model = self._catalogue.find(exchange.parameter)
        key = require_key(exchange)
        allowed = key.models
        if allowed and model.id not in allowed:
            raise PermissionDenied(f"This key may not use the model {model.id!r}.")
        wire = self._wire(model)
        if "admin" in key.scopes:
            wire.node_states = self._placement.overview(model)
        exchange.respond(200, msgspec.json.encode(wire), JSON)

    def _wire(self, model: Model) -> WireModel:
        return _wire(model, self._placement.state(model))


def _wire(model: Model, state: str) -> WireModel:
    return WireModel(
        id=model.id,
        created=model.created,
        owned_by=model.owned_by,
        type=_type(model),
        nodes=len(model.live),
        state=state,
        context_length=model.context_length,
        modalities=list(model.modalities),
        supported_parameters=_parameters(model),
        quantisation=model.quantisation,
        pricing=_pricing(model.prices),
        aliases=model.aliases,
    )


def _pricing(prices: Prices) -> WirePrices:
    wire = WirePrices(
        prompt=_usdc_per_token(prices.prompt),
        completion=_usdc_per_token(prices.completion),
        prompt_micro_usdc_per_mtoken=prices.prompt,
        completion_micro_usdc_per_mtoken=prices.completion,
    )
    if prices.cached is not None:
        wire.cached, wire.cached_micro_usdc_per_mtoken = _usdc_per_token(prices.cached), prices.cached
    if prices.reasoning is not None:
        wire.reasoning, wire.reasoning_micro_usdc_per_mtoken = _usdc_per_token(prices.reasoning), prices.reasoning
    if prices.image is not None:
        wire.image, wire.image_micro_usdc_per_mtoken = _usdc_per_token(prices.image), prices.image
    return wire


def _type(model: Model) -> str:
    if model.embeds:
        return "embedding"
    return "vision" if "image" in model.modalities else "text"


def _parameters(model: Model) -> tuple[str, ...]:
    if model.embeds:
        return EMBEDDING_PARAMETERS
    return SUPPORTED_PARAMETERS + (THINKING_PARAMETERS if model.thinks else ())


def _usdc_per_token(micro_usdc_per_mtoken: int) -> str:
    """Exact: one micro-USDC per million tokens is 10^-12 USDC per token."""
    whole, rest = divmod(micro_usdc_per_mtoken, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")
