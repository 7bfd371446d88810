"""What requests are charged by: their worst case, and how they ended."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from antiphon.chat import ChatRequest, EmbeddingRequest, Image, Message, ResponseFormat, Sampling, Text, Tool, Usage
from antiphon.completions import charging as charging_module
from antiphon.completions.charging import (
    CONTEXT_ASSUMED,
    NOTHING,
    Charging,
    credit_headers,
    embedding_terms,
    terms,
)
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.fit import TEMPLATE_TOKENS_MAX, TURN_TOKENS_MAX
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.record import Record
from antiphon.completions.tool_loop import ROUNDS_MAX
from antiphon.credits.metering import Charge
from antiphon.credits.receipt import Terms
from antiphon.db import Database
from antiphon.errors import EngineFailed, InsufficientCredits
from antiphon.http.exchange import Exchange
from antiphon.idempotency.answer import Answer, Room
from antiphon.idempotency.recording import NoWire, Recording
from antiphon.key import Key
from antiphon.models.catalogue import Model, Prices
from tests.unit.completions.paying import Till
from tests.unit.completions.scripted import ASKED, ScriptedEngine, ignore, model_of
from tests.unit.completions.tooling import CLOCK, ROME, THRICE, TOOLS, WEATHER, ScriptedTools, calling, loop_of, saying
from tests.unit.credits.books import Books

HI = TEMPLATE_TOKENS_MAX + TURN_TOKENS_MAX + len("Hi")
PRICES = Prices(prompt=1_000_000, completion=2_000_000)
LONG = "x" * 5000


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """What the books stand on makes no difference here."""
    return str(request.param)


@pytest.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books that are proved when the test is over."""
    books = Books(database)
    yield books
    await books.close()
    await books.require_sound()


@pytest.fixture
async def till(books: Books) -> Till:
    """Charging over a gateway's books."""
    return Till(await books.gateway())


def planned(model: Model, request: ChatRequest = ASKED, *, key: Key = Key("k"), **fields: Any) -> Plan:
    """A plan of that request, made now."""
    now = asyncio.get_running_loop().time()
    sampling = request.sampling.filled(model.defaults)
    plan = Plan(request, Caller(key, "answer-1", "request-1"), model, sampling, now, now + 60, now + 60)
    return msgspec.structs.replace(plan, **fields)


def asked(**fields: Any) -> ChatRequest:
    """A request for ten tokens, with these fields changed."""
    return msgspec.structs.replace(ASKED, sampling=Sampling(max_tokens=10), **fields)


@pytest.mark.parametrize(
    ("request_", "context", "expected"),
    [
        (asked(), None, Terms(HI, 10)),
        (asked(), 300, Terms(300, 10)),
        (asked(n=3), None, Terms(HI, 30)),
        (ASKED, 4096, Terms(HI, 4096)),
        (ASKED, None, Terms(HI, CONTEXT_ASSUMED)),
        (msgspec.structs.replace(ASKED, sampling=Sampling(max_tokens=0)), None, NOTHING),
        (asked(messages=(), prompts=("Hi", (1, 2, 3)), n=2), None, Terms(8 + 2 + 3, 40)),
        (asked(messages=(), prompts=(LONG, "Hi")), 100, Terms(110, 20)),
        (asked(messages=(Message("user", (Text("Hi"), Image("data:,"))),)), 4096, Terms(4096, 10)),
        (asked(messages=(Message("user", (Text("Hi"),)),)), 4096, Terms(HI, 10)),
    ],
)
async def test_the_worst_case(request_: ChatRequest, context: int | None, expected: Terms) -> None:
    """A bound of the prompt from its size, within the context, and of all choices."""
    model = Model("m", (), context_length=context, modalities=("text", "image"))
    assert terms(planned(model, request_)) == expected


async def test_the_room_that_is_left() -> None:
    """Where the prompt was counted, an answer without a limit of its own ends there."""
    assert terms(planned(Model("m", (), context_length=4096), room=77)) == Terms(HI, 77)


async def test_tools_and_schemas_are_read_too() -> None:
    """As bytes of what is sent."""
    tools = (Tool("f", LONG),)
    assert terms(planned(Model("m", ()), asked(tools=tools))).prompt_tokens > 4 * len(LONG)
    form = ResponseFormat("json_schema", schema={"description": LONG})
    assert terms(planned(Model("m", ()), asked(response_format=form))).prompt_tokens > 4 * len(LONG)


@pytest.mark.parametrize(("context", "expected"), [(4096, 4096), (None, CONTEXT_ASSUMED)])
async def test_all_rounds_count(context: int | None, expected: int) -> None:
    """Each reads what the ones before it brought, whatever that is."""
    plan = planned(Model("m", (), context_length=context), asked(), server_tools=(WEATHER,))
    assert terms(plan) == Terms(ROUNDS_MAX * expected, ROUNDS_MAX * 10)


def embedding_plan(model: Model, *inputs: str, key: Key = Key("k")) -> EmbeddingPlan:
    """A request for vectors of these texts."""
    return EmbeddingPlan(EmbeddingRequest("m", inputs), Caller(key, "answer-1", "request-1"), model, 0, 60)


def test_the_worst_case_of_embeddings() -> None:
    """All inputs, each within the context."""
    assert embedding_terms(embedding_plan(Model("m", ()), LONG, "Hi")) == Terms(8 + 5000 + 8 + 2, 0)
    assert embedding_terms(embedding_plan(Model("m", (), context_length=100), LONG, "Hi")) == Terms(110, 0)


class Shop:
    """One request of an account with that much money, on a priced model."""

    def __init__(self, books: Books, till: Till) -> None:
        self._books = books
        self.till = till
        self.key = Key("k", id="key_1", live=True)

    async def open(self, engine: ScriptedEngine, request: ChatRequest, **fields: Any) -> tuple[Charge, Plan]:
        """Its charge and its plan."""
        account = await self._books.account(1_000_000)
        self.key = msgspec.structs.replace(self.key, account_name=account[1].removeprefix("user:"))
        model = msgspec.structs.replace(model_of(engine, native_tools=True), prices=PRICES)
        plan = planned(model, request, key=self.key, **fields)
        return await self.till.charging.open(plan, "USDC", b"body"), plan


@pytest.fixture
def shop(books: Books, till: Till) -> Shop:
    """Where requests are served."""
    return Shop(books, till)


def given() -> Exchange:
    """A request whose answer goes to its client."""
    return Exchange(NoWire(), "POST", "/", "", {})


async def nothing() -> None:
    """An answer that is sent at once."""


async def test_tool_rounds_are_one_charge(shop: Shop) -> None:
    """All that they took together, once."""
    engine = ScriptedEngine(opens=(calling((WEATHER.tool.name, ROME)), calling((CLOCK.tool.name, "{}")), saying("18.")))
    charge, plan = await shop.open(engine, asked(), server_tools=TOOLS)
    loop = loop_of(ScriptedTools("It is 18 degrees.", "noon"), _Ending(shop.till.charging))
    with shop.till.charging.during(charge, given()):
        await _ignored(loop.complete(plan, TOOLS, ignore))
    (receipt,) = shop.till.receipts
    assert receipt.usage == THRICE
    assert receipt.charged == THRICE.prompt_tokens + 2 * THRICE.completion_tokens


class _Ending(list[Record]):
    """Hands records on to what charges."""

    def __init__(self, charging: Charging) -> None:
        super().__init__()
        self._charging = charging

    def append(self, record: Record) -> None:
        """Charge it."""
        self._charging.ended(record)


async def _ignored(answering: Any) -> None:
    await answering


@pytest.mark.parametrize(("counted", "prompt"), [(7, 7), (None, 0), (EngineFailed(), 0), (10**9, HI)])
async def test_the_prompt_of_a_broken_stream(shop: Shop, counted: int | EngineFailed | None, prompt: int) -> None:
    """An engine is asked how long it was; what nobody can count is not charged, nor more than it can have."""
    engine = ScriptedEngine(prompt_tokens=counted)
    charge, plan = await shop.open(engine, asked(stream=True))
    record = Record(plan, Usage(completion_tokens=3), 1.0, "client_gone", 0.5, "node-1")
    shop.till.charging.ended(record)
    with shop.till.charging.during(charge, given()):
        await nothing()
    await shop.till.charging.close()
    (receipt,) = shop.till.receipts
    assert (receipt.charged, receipt.reason) == (prompt + 6, "client_gone")


@pytest.mark.parametrize(
    ("fields", "failure", "charged"),
    [
        ({"response_format": ResponseFormat("json_object")}, "engine_failed", 0),
        ({"tools": (Tool("f"),)}, "poison_prompt", 0),
        ({"tools": (Tool("f"),)}, "client_gone", 6),
        ({"response_format": ResponseFormat("json_object")}, "deadline_exceeded", 6),
        ({}, "engine_failed", 6),
    ],
)
async def test_a_part_that_is_of_no_use_is_not_charged(
    shop: Shop, fields: dict[str, Any], failure: str, charged: int
) -> None:
    """Of a document, or perhaps of a call; whoever left, or whose time was up, pays for what had come."""
    schema = {"type": "object"} if "response_format" in fields else None
    charge, plan = await shop.open(ScriptedEngine(), asked(stream=True, **fields), schema=schema)
    shop.till.charging.ended(Record(plan, Usage(completion_tokens=3), 1.0, failure, 0.5, "node-1"))
    with shop.till.charging.during(charge, given()):
        await nothing()
    await shop.till.charging.close()
    assert [receipt.charged for receipt in shop.till.receipts] == [charged]


async def test_counting_has_an_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not answer keeps no hold."""
    monkeypatch.setattr(charging_module, "COUNT_S_MAX", 0.01)

    class Silent(ScriptedEngine):
        async def count_prompt_tokens(self, job: Any) -> int | None:
            """It never comes."""
            await asyncio.Event().wait()
            return None

    charge, plan = await shop.open(Silent(), asked(stream=True))
    shop.till.charging.ended(Record(plan, Usage(completion_tokens=3), 1.0, "client_gone", 0.5))
    with shop.till.charging.during(charge, given()):
        await nothing()
    await shop.till.charging.close()
    assert [receipt.charged for receipt in shop.till.receipts] == [6]


async def test_rounds_that_showed_nothing(shop: Shop) -> None:
    """Whoever leaves before the first token has had nothing, whatever was generated for it."""
    charge, plan = await shop.open(ScriptedEngine(), asked(stream=True), server_tools=TOOLS)
    shop.till.charging.ended(Record(plan, Usage(500, 50), 1.0, "client_gone", None))
    with shop.till.charging.during(charge, given()):
        await nothing()
    assert [(receipt.charged, receipt.usage) for receipt in shop.till.receipts] == [(0, Usage())]


async def test_a_client_that_leaves(shop: Shop) -> None:
    """A plain request that is cancelled ends as that; one that breaks in some other way has failed."""
    charge, _ = await shop.open(ScriptedEngine(), asked())

    async def waiting() -> None:
        with shop.till.charging.during(charge, given()):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(waiting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    charge, _ = await shop.open(ScriptedEngine(), asked())
    with pytest.raises(EngineFailed), shop.till.charging.during(charge, given()):
        await _failing()
    assert [receipt.reason for receipt in shop.till.receipts] == ["client_gone", "failed"]
    assert shop.till.gateway.leases.open_holds == 0


async def _failing() -> None:
    raise EngineFailed


async def test_what_is_not_charged_is_left_alone(shop: Shop) -> None:
    """A record of a request that never asked."""
    shop.till.charging.ended(Record(planned(Model("m", ())), Usage(), 1.0))
    shop.till.charging.embedded(EmbeddingRecord(embedding_plan(Model("m", ())), Usage(), 1.0))
    assert shop.till.receipts == []


async def test_embeddings_are_charged(books: Books, till: Till) -> None:
    """By their inputs' tokens; too little money is refused and counted."""
    account = await books.account(20)
    key = Key("k", account_name=account[1].removeprefix("user:"), id="key_1", live=True)
    plan = embedding_plan(Model("m", (), prices=PRICES), "Hi", key=key)
    charge = await till.charging.open_embeddings(plan, "USDC", b"body")
    assert charge.held == 10
    with pytest.raises(InsufficientCredits):
        await till.charging.open_embeddings(embedding_plan(plan.model, "more than ten", key=key), "USDC", b"")
    assert till.refused == 1
    till.charging.embedded(EmbeddingRecord(plan, Usage(prompt_tokens=2), 1.0, node="node-1"))
    with till.charging.during(charge, given()):
        await nothing()
    (receipt,) = till.receipts
    assert (receipt.charged, receipt.operation, receipt.node) == (2, "embeddings", "node-1")


async def test_large_bodies_have_the_same_digest(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is made."""
    monkeypatch.setattr(charging_module, "DIGESTED_INLINE_BYTES", 1)
    charge, _ = await shop.open(ScriptedEngine(), asked())
    with shop.till.charging.during(charge, given()):
        await nothing()
    assert shop.till.receipts[0].request_sha256 == hashlib.sha256(b"body").hexdigest()


async def test_headers(shop: Shop) -> None:
    """The cost once it is known, the balance always; nothing of what is free."""
    charge, plan = await shop.open(ScriptedEngine(), asked())
    assert credit_headers(charge, ended=False) == ((b"x-credits-balance", b"1.00"),)
    shop.till.charging.ended(Record(plan, Usage(5, 2), 1.0))
    assert credit_headers(charge, ended=True) == (
        (b"x-credits-cost", b"0.000009"),
        (b"x-credits-balance", b"0.999991"),
    )
    with shop.till.charging.during(charge, given()):
        await nothing()
    assert credit_headers(None, ended=True) == ()


@pytest.mark.parametrize(("stands", "charged", "reason"), [(True, 9, "delivered"), (False, 0, "not_charged")])
async def test_an_answer_that_is_to_be_kept(shop: Shop, stands: bool, charged: int, reason: str) -> None:
    """It is charged when it is kept, and not where whoever asks again will be answered anew."""
    charge, plan = await shop.open(ScriptedEngine(), asked())
    recording = Recording(given(), b"body", Answer(bytes_max=9, room=Room(9)))
    shop.till.charging.ended(Record(plan, Usage(5, 2), 1.0))
    with shop.till.charging.during(charge, recording):
        await nothing()
    assert shop.till.receipts == []
    recording.concluded(stands=stands)
    assert [(receipt.charged, receipt.reason) for receipt in shop.till.receipts] == [(charged, reason)]
    assert shop.till.gateway.leases.open_holds == 0
