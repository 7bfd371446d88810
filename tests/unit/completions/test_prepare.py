"""From a checked request to a plan, and what is refused on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from antiphon.campaigns.model import Campaign, Variant
from antiphon.chat import ChatRequest, Image, Message, Reasoning, ResponseFormat, Sampling, Tool
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.prepare import Preparation
from antiphon.engines.thought import Thinking, Thought
from antiphon.errors import BadRequest, EngineFailed, ModelNotFound, NotFound, PermissionDenied, Unavailable
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue, Model, Prices
from antiphon.projects.model import Project
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from tests.unit.completions.scripted import ASKED, BOUNDS, ScriptedEngine, model_of

KEY = Key("ann")
SCHEMA = ResponseFormat("json_schema", "s", {"type": "object"})
USER = ASKED.messages[0]
CLOSING = Message(role="assistant", content="{")


@pytest.fixture
async def images() -> AsyncIterator[ImageAdmission]:
    """An admission that fetches nothing."""
    admission = ImageAdmission(ImageLimits())
    yield admission
    await admission.close()


async def planned(images: ImageAdmission, request: ChatRequest, model: Model | None = None, key: Key = KEY) -> Plan:
    """The plan for the request with one model on offer."""
    catalogue = Catalogue()
    catalogue.replace("test", (model or model_of(ScriptedEngine()),))
    return await Preparation(catalogue, images, BOUNDS, ids=seeded(9), projects=dict).plan(request, Caller(key))


def asked(**fields: object) -> ChatRequest:
    """The plain request with other fields."""
    return msgspec.structs.replace(ASKED, **fields)


def model_with(context: int, *, prompt: int | EngineFailed | None, default: int | None = None) -> Model:
    """A model with a context, whose engine counts the prompt as `prompt`."""
    model = model_of(ScriptedEngine(prompt_tokens=prompt))
    return msgspec.structs.replace(model, context_length=context, defaults=Sampling(max_tokens=default))


async def test_defaults_are_filled_in(images: ImageAdmission) -> None:
    """The request's own values win."""
    model = msgspec.structs.replace(model_of(ScriptedEngine()), defaults=Sampling(temperature=0.5, top_k=3))
    plan = await planned(images, asked(sampling=Sampling(temperature=0.0)), model)
    assert (plan.sampling.temperature, plan.sampling.top_k) == (0.0, 3)


async def test_an_unknown_model_is_refused(images: ImageAdmission) -> None:
    """The field is named."""
    with pytest.raises(ModelNotFound) as raised:
        await planned(images, asked(model="other"))
    assert raised.value.param == "model"


async def test_a_key_may_be_bound_to_models(images: ImageAdmission) -> None:
    """One that lists others may not use this."""
    with pytest.raises(PermissionDenied):
        await planned(images, ASKED, key=Key("ann", models=frozenset({"x"})))
    assert (await planned(images, ASKED, key=Key("ann", models=frozenset({"m"})))).model.id == "m"


async def test_a_key_may_be_bound_to_nodes_and_prices(images: ImageAdmission) -> None:
    """Nodes are part of the plan; what is dearer than the caller or the key would pay is refused."""
    bound = Key("ann", nodes=frozenset({"node-1"}), prompt_price_max=4)
    assert (await planned(images, ASKED, key=bound)).caller.nodes == {"node-1"}
    priced = msgspec.structs.replace(model_of(ScriptedEngine()), prices=Prices(prompt=5, completion=5))
    with pytest.raises(PermissionDenied):
        await planned(images, ASKED, priced, bound)
    with pytest.raises(BadRequest) as refused:
        await planned(images, asked(prices_max=(5, 4)), priced)
    assert refused.value.param == "max_price"


@pytest.mark.parametrize(
    ("asked_s", "model_s", "total_s"), [(5.0, 7.0, 5.0), (None, 7.0, 7.0), (None, None, BOUNDS.total_s)]
)
async def test_the_total_time(
    images: ImageAdmission, asked_s: float | None, model_s: float | None, total_s: float
) -> None:
    """The request's, else the model's, else the gateway's."""
    model = msgspec.structs.replace(model_of(ScriptedEngine()), timeout_s=model_s)
    plan = await planned(images, asked(timeout_s=asked_s), model)
    assert plan.total_at - plan.begun_at == pytest.approx(total_s)


async def test_a_time_beyond_the_gateway_s_is_refused(images: ImageAdmission) -> None:
    """The most is told."""
    with pytest.raises(BadRequest, match=r"^timeout_secs: expected at most 600\.$") as raised:
        await planned(images, asked(timeout_s=601.0))
    assert raised.value.param == "timeout_secs"


async def test_the_first_token_s_time(images: ImageAdmission) -> None:
    """Zero is a bound too."""
    now = asyncio.get_running_loop().time()
    assert (await planned(images, asked(max_ttft_s=0.0))).first_token_at < now + 30
    assert (await planned(images, ASKED)).first_token_at >= now + BOUNDS.first_token_s


async def test_a_bias_for_a_token_that_is_not_there(images: ImageAdmission) -> None:
    """Only where the vocabulary's size is known."""
    request = asked(sampling=Sampling(logit_bias={"100": 1.0}))
    model = model_of(ScriptedEngine())
    await planned(images, request, model)
    await planned(images, request, msgspec.structs.replace(model, vocabulary_size=101))
    with pytest.raises(BadRequest) as raised:
        await planned(images, request, msgspec.structs.replace(model, vocabulary_size=100))
    assert raised.value.param == "logit_bias"


async def test_a_model_without_eyes_refuses_images(images: ImageAdmission) -> None:
    """The part is named, and nothing is read."""
    message = Message(role="user", content=(Image("http://127.0.0.1:1/x.png"),))
    with pytest.raises(BadRequest) as raised:
        await planned(images, asked(messages=(USER, message)))
    assert raised.value.param == "messages[1].content[0]"


async def test_a_schema_is_compiled(images: ImageAdmission) -> None:
    """To a grammar, and kept to hold the text against."""
    plan = await planned(images, asked(response_format=SCHEMA))
    assert (plan.schema, plan.tool_grammar) == ({"type": "object"}, None)
    assert plan.grammar is not None
    plan = await planned(images, asked(response_format=ResponseFormat("json_object")))
    assert plan.schema == {"type": "object"}


async def test_a_bad_schema_is_refused(images: ImageAdmission) -> None:
    """Its place in the request is named."""
    wrong = ResponseFormat("json_schema", "s", {"type": "thing"})
    with pytest.raises(BadRequest) as raised:
        await planned(images, asked(response_format=wrong))
    assert (raised.value.param or "").startswith("response_format.json_schema.schema")


async def test_a_closing_turn_is_continued(images: ImageAdmission) -> None:
    """The grammar then binds only what is left."""
    plan = await planned(images, asked(messages=(USER, CLOSING), response_format=SCHEMA))
    whole = await planned(images, asked(response_format=SCHEMA))
    assert plan.prefill == "{"
    assert plan.grammar != whole.grammar


async def test_a_closing_turn_that_the_schema_refuses(images: ImageAdmission) -> None:
    """The message is named."""
    wrong = Message(role="assistant", content="Sure")
    with pytest.raises(BadRequest) as raised:
        await planned(images, asked(messages=(USER, wrong), response_format=SCHEMA))
    assert raised.value.param == "messages[1]"


async def test_tools_cannot_continue_a_closing_turn(images: ImageAdmission) -> None:
    """Unless none may be called."""
    request = asked(messages=(USER, CLOSING), tools=(Tool("f"),))
    with pytest.raises(BadRequest) as raised:
        await planned(images, request)
    assert raised.value.param == "messages"
    plan = await planned(images, msgspec.structs.replace(request, tool_choice="none"))
    assert plan.tool_grammar is None


async def test_calls_are_emulated_where_an_engine_does_not_know_tools(images: ImageAdmission) -> None:
    """Where all know them there is no grammar."""
    request = asked(tools=(Tool("f"),))
    assert (await planned(images, request)).tool_grammar is not None
    assert (await planned(images, request, model_of(ScriptedEngine(), native_tools=True))).tool_grammar is None


async def test_a_short_prompt_is_not_counted(images: ImageAdmission) -> None:
    """A bound from its size is enough."""
    engine = ScriptedEngine(prompt_tokens=10)
    model = msgspec.structs.replace(model_of(engine), context_length=10_000)
    await planned(images, ASKED, model)
    assert engine.jobs == []


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "param"), [(100, None, "messages"), (101, 1, "messages"), (90, 11, "max_tokens")]
)
async def test_what_does_not_fit_the_context_is_refused(
    images: ImageAdmission, prompt: int, max_tokens: int | None, param: str
) -> None:
    """The prompt, or the room that the caller wants beside it."""
    with pytest.raises(BadRequest) as raised:
        await planned(images, asked(sampling=Sampling(max_tokens=max_tokens)), model_with(100, prompt=prompt))
    assert (raised.value.param, raised.value.code) == (param, "context_length_exceeded")


@pytest.mark.parametrize(
    ("prompt", "default", "kept"),
    [(90, 50, 10), (90, 10, 10), (90, None, None), (None, 50, 50), (EngineFailed("It broke."), 50, 50)],
)
async def test_a_default_is_lowered_to_what_fits(
    images: ImageAdmission, prompt: int | EngineFailed | None, default: int | None, kept: int | None
) -> None:
    """Only where the engine can count."""
    plan = await planned(images, ASKED, model_with(100, prompt=prompt, default=default))
    assert plan.sampling.max_tokens == kept


async def test_an_explicit_length_that_just_fits(images: ImageAdmission) -> None:
    """The last token of the context may be used."""
    plan = await planned(images, asked(sampling=Sampling(max_tokens=10)), model_with(100, prompt=90))
    assert plan.sampling.max_tokens == 10


async def test_a_model_that_embeds_generates_nothing(images: ImageAdmission) -> None:
    """The refusal names it."""
    model = msgspec.structs.replace(model_of(ScriptedEngine()), embeds=True)
    with pytest.raises(BadRequest, match="'m' makes embeddings") as refused:
        await planned(images, ASKED, model)
    assert (refused.value.param, refused.value.code) == ("model", "model_not_supported")


PROMPTED = ChatRequest("m", (), prompts=("one", (2, 3)), sampling=Sampling(max_tokens=5))


async def test_prompts_are_planned_as_they_are(images: ImageAdmission) -> None:
    """No message is put in front of them, and none is expected."""
    plan = await planned(images, PROMPTED)
    assert (plan.request.messages, plan.request.prompts, plan.prefill) == ((), ("one", (2, 3)), None)


async def test_prompts_are_fitted(images: ImageAdmission) -> None:
    """Each by itself."""
    with pytest.raises(BadRequest) as refused:
        await planned(images, PROMPTED, model_with(6, prompt=2))
    assert refused.value.param == "max_tokens"


async def test_tokens_of_prompts_are_checked(images: ImageAdmission) -> None:
    """Against the model's vocabulary."""
    model = msgspec.structs.replace(model_of(ScriptedEngine()), vocabulary_size=3)
    with pytest.raises(BadRequest, match="no token 3") as refused:
        await planned(images, PROMPTED, model)
    assert refused.value.param == "prompt[1]"


def thinking(model: Model) -> Model:
    """The model with one engine on which it thinks."""
    offer = msgspec.structs.replace(model.offers[0], thought=Thought())
    return msgspec.structs.replace(model, offers=(offer,))


async def test_thoughts_that_leave_no_answer_are_refused(images: ImageAdmission) -> None:
    """Of a model that thinks, also within its default length; one that cannot think has none to bound."""
    reasoning = Reasoning(max_tokens=9)
    plain = msgspec.structs.replace(model_of(ScriptedEngine()), defaults=Sampling(max_tokens=9))
    await planned(images, asked(reasoning=reasoning), plain)
    await planned(images, asked(reasoning=reasoning, sampling=Sampling(max_tokens=10)), thinking(plain))
    with pytest.raises(BadRequest) as raised:
        await planned(images, asked(reasoning=reasoning), thinking(plain))
    assert raised.value.param == "reasoning.max_tokens"


@pytest.mark.parametrize(("prompt", "tokens"), [(100, 1980), (None, None)])
async def test_thoughts_are_a_share_of_what_the_context_leaves(
    images: ImageAdmission, prompt: int | None, tokens: int | None
) -> None:
    """Where the answer has no bound of its own; without one where no engine can count what is left."""
    model = thinking(model_with(10_000, prompt=prompt))
    plan = await planned(images, asked(reasoning=Reasoning(effort="low")), model)
    assert plan.thinking == Thinking(enabled=True, tokens_max=tokens, level="low")


@pytest.mark.parametrize("reasoning", [Reasoning(), Reasoning(max_tokens=9), Reasoning(effort="none")])
async def test_no_prompt_is_counted_for_other_thoughts(images: ImageAdmission, reasoning: Reasoning) -> None:
    """Only a share needs to know of what."""
    engine = ScriptedEngine(prompt_tokens=100)
    model = msgspec.structs.replace(thinking(model_of(engine)), context_length=10_000)
    await planned(images, asked(reasoning=reasoning), model)
    assert engine.jobs == []


class Running:
    """Knows one campaign, which runs."""

    def __init__(self, *variants: Variant) -> None:
        self._campaign = Campaign(
            id="c-id",
            account="ann",
            key="c",
            name="c",
            project_id="p-id",
            variants=variants,
            status="running",
            salt="00" * 16,
        )

    def running(self, account: str, project_id: str) -> Campaign | None:
        """It, for its own account and project."""
        return self._campaign if (account, project_id) == ("ann", "p-id") else None

    def find(self, account: str, name: str) -> Campaign | None:
        """It, by its key."""
        return self._campaign if (account, name) == ("ann", "c") else None


async def planned_within(
    images: ImageAdmission, request: ChatRequest, *variants: Variant, models: tuple[str, ...] = ("m", "large")
) -> Plan:
    """The plan of a request where a project has a campaign with these variants."""
    catalogue = Catalogue()
    catalogue.replace("test", tuple(msgspec.structs.replace(model_of(ScriptedEngine()), id=one) for one in models))
    project = Project("p-id", "p", "P", default_model="m", defaults=Sampling(top_k=4))
    preparation = Preparation(
        catalogue,
        images,
        BOUNDS,
        ids=seeded(9),
        projects=lambda: {"p": project},
        campaigns=Running(*variants),
    )
    return await preparation.plan(request, Caller(KEY, "answer"))


def variants(**second: object) -> tuple[Variant, Variant]:
    """One that changes nothing and is hardly ever drawn, and one with other fields."""
    plain = Variant(id="a-id", key="a", name="a", weight=1e-9)
    return plain, msgspec.structs.replace(Variant(id="b-id", key="b", name="b"), **second)


async def test_a_variant_s_values_take_effect(images: ImageAdmission) -> None:
    """Its model, its prompt, and its sampling before the request's and the project's; the plan says whose they are."""
    drawn = variants(model="large", system_prompt="Be brief.", sampling=Sampling(temperature=0.9))
    request = asked(model="p", sampling=Sampling(temperature=0.1, top_p=0.5))
    plan = await planned_within(images, request, *drawn)
    assert (plan.model.id, plan.shown_model) == ("large", "large")
    assert (plan.sampling.temperature, plan.sampling.top_p, plan.sampling.top_k) == (0.9, 0.5, 4)
    assert plan.request.messages[0] == Message(role="system", content="Be brief.")
    assert plan.assigned is not None
    assert (plan.assigned.campaign, plan.assigned.variant) == ("c", "b")


async def test_a_request_that_names_its_model_takes_no_part(images: ImageAdmission) -> None:
    """With its project or without; naming the campaign too, it gets a variant with that model."""
    drawn = variants(model="large")
    for name in ("p/m", "m", "p/large"):
        assert (await planned_within(images, asked(model=name), *drawn)).assigned is None
    plan = await planned_within(images, asked(model="p/m", campaign="c"), *drawn)
    assert plan.assigned is not None
    assert plan.assigned.variant == "a"


async def test_a_variant_whose_model_is_away(images: ImageAdmission) -> None:
    """It is planned for all the same: nobody can serve it, and that is the variant's failure, not another's answer."""
    plan = await planned_within(images, asked(model="p"), *variants(model="large"), models=("m",))
    assert (plan.model.id, plan.model.offers) == ("large", ())
    assert plan.assigned is not None
    with pytest.raises(Unavailable, match="No node can serve the model 'large' now"):
        plan.model.require_live()


async def test_images_that_one_variant_does_not_take(images: ImageAdmission) -> None:
    """Such a request takes no part: it would be refused with that variant only."""
    message = Message(role="user", content=(Image("data:image/png;base64,AAAA"),))
    with pytest.raises(BadRequest, match="the model 'm' does not take images"):  # the project's, as without a campaign
        await planned_within(images, asked(model="p", messages=(message,)), *variants(model="large"))


async def test_there_is_no_campaign(images: ImageAdmission) -> None:
    """Who asks for one where there are none is told so."""
    with pytest.raises(NotFound, match=r"^ab_campaign: the campaign 'c' does not exist\.$"):
        await planned(images, asked(campaign="c"))
