"""What a request for an answer or for embeddings is charged by: its worst case, and how it ended.

Only requests of keys that spend credit come here. Each holds money once, whatever is tried to answer it, and the rounds
behind one answer are not told apart.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import to_thread

import msgspec

from antiphon.chat import Image, Message, Usage
from antiphon.completions.during import During
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.fit import prompt_bound
from antiphon.completions.fit_prompts import tokens_max
from antiphon.completions.plan import Plan, job
from antiphon.completions.record import Record
from antiphon.completions.tool_loop import ROUNDS_MAX
from antiphon.credits.draft import KEPT_BYTES_MAX, Asked, Body, kept
from antiphon.credits.metering import Charge, Meter
from antiphon.credits.money import usdc
from antiphon.credits.receipt import Outcome, Served, Terms, reason_of
from antiphon.errors import AntiphonError
from antiphon.http.exchange import Exchange, Header
from antiphon.key import Ledger

CONTEXT_ASSUMED = 131_072  # of a model whose context nobody tells
DIGESTED_INLINE_BYTES = 256 * 1024  # larger bodies are read in a thread
COUNT_S_MAX = 5.0  # for an engine to count the prompt of an answer that was broken off
NOTHING = Terms(0, 0)


def terms(plan: Plan) -> Terms:
    """The most that a request can take: tokens of its prompts and its choices, in all rounds."""
    request = plan.request
    most = plan.sampling.max_tokens
    if most == 0:
        return NOTHING  # nothing is generated
    context = plan.model.context_length
    if most is None:
        most = plan.room or context or CONTEXT_ASSUMED
    if plan.server_tools:
        return Terms(ROUNDS_MAX * (context or CONTEXT_ASSUMED), ROUNDS_MAX * most)
    return Terms(_prompts(plan, context), request.choices * most)


def embedding_terms(plan: EmbeddingPlan) -> Terms:
    """The most that a request can take: tokens of its inputs."""
    context = plan.model.context_length
    return Terms(sum(_within(tokens_max(text), context) for text in plan.request.inputs), 0)


def _prompts(plan: Plan, context: int | None) -> int:
    request = plan.request
    if request.prompts:
        return sum(_within(tokens_max(prompt), context) for prompt in request.prompts)
    size = prompt_bound(plan)
    if request.response_format.kind == "json_schema":
        size += 4 * len(msgspec.json.encode(request.response_format.schema))
    if "image" in plan.model.modalities and any(map(_shows_images, request.messages)):
        size += context or CONTEXT_ASSUMED
    return _within(size, context)


def _shows_images(message: Message) -> bool:
    return isinstance(message.content, tuple) and any(isinstance(part, Image) for part in message.content)


def _within(size: int, context: int | None) -> int:
    return size if context is None or size < context else context


class Charging:
    """Charges requests by what their records say. Make it within a running event loop."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._charges: dict[str, Charge] = {}  # of requests under way, by the ids of their answers
        self._counts: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def open_now(self, plan: Plan, ledger: Ledger, body: bytes) -> Charge | None:
        """As `open`, where that needs no waiting; else None, and nothing is held."""
        if len(body) > KEPT_BYTES_MAX:
            return None
        charge = self._meter.open_now(_asked(plan, ledger, body))
        if charge is not None:
            self._charges[charge.id] = charge
        return charge

    async def open(self, plan: Plan, ledger: Ledger, body: bytes) -> Charge:
        """Hold the most that a request can cost; InsufficientCredits when there is less. Then go on with `during`."""
        short = kept(body) if len(body) <= DIGESTED_INLINE_BYTES else await to_thread(kept, body)
        charge = await self._meter.open(_asked(plan, ledger, short))
        self._charges[charge.id] = charge
        return charge

    async def open_embeddings(self, plan: EmbeddingPlan, ledger: Ledger, body: bytes) -> Charge:
        """As `open`, for embeddings."""
        caller = plan.caller
        asked = Asked(
            key=caller.key,
            ledger=ledger,
            answer_id=caller.answer_id,
            request_id=caller.request_id,
            model=plan.model,
            terms=NOTHING if plan.model.prices.free else embedding_terms(plan),
            operation="embeddings",
            door=plan.request.door,
            streamed=False,
            body=kept(body) if len(body) <= DIGESTED_INLINE_BYTES else await to_thread(kept, body),
        )
        charge = await self._meter.open(asked)
        self._charges[charge.id] = charge
        return charge

    def ended(self, record: Record) -> None:
        """Charge what became of an answer; a request that holds nothing here is left alone."""
        charge = self._charges.get(record.plan.caller.answer_id)
        if charge is None:
            return
        if record.failure is None:
            served = record.served or _whole(record.node, record.usage)
            charge.end(Outcome(record.usage, "delivered", record.node, served))
            return
        begun = record.first_token_at is not None and not _is_useless(record)
        usage = record.usage if begun else Usage()
        outcome = Outcome(usage, reason_of(record.failure), record.node, record.served or _whole(record.node, usage))
        if charge.held and begun and _prompt_is_unknown(record):
            charge.wait()
            task = self._loop.create_task(_end_counted(charge, outcome, record.plan))
            self._counts.add(task)
            task.add_done_callback(self._counts.discard)
        else:
            charge.end(outcome)

    def embedded(self, record: EmbeddingRecord) -> None:
        """As `ended`, for embeddings."""
        charge = self._charges.get(record.plan.caller.answer_id)
        if charge is not None:
            served = _whole(record.node, record.usage)
            charge.end(Outcome(record.usage, reason_of(record.failure), record.node, served))

    def during(self, charge: Charge, exchange: Exchange) -> During:
        """Within it, a request that holds money is answered; whatever happens there, the hold ends with it."""
        return During(self._charges, charge, exchange)

    async def close(self) -> None:
        """Wait for what is being counted."""
        if self._counts:
            await asyncio.wait(self._counts)


def credit_headers(charge: Charge | None, *, ended: bool) -> tuple[Header, ...]:
    """What the account has left, and once a request has `ended` what it cost; nothing of a free one."""
    if charge is None or charge.free:
        return ()
    balance = (b"x-credits-balance", usdc(charge.balance))
    return ((b"x-credits-cost", usdc(charge.charged)), balance) if ended else (balance,)


def _asked(plan: Plan, ledger: Ledger, body: Body) -> Asked:
    """The request as its receipt will say it."""
    request, caller, model, assigned = plan.request, plan.caller, plan.model, plan.assigned
    return Asked(  # by position: it is made for each request
        caller.key,
        ledger,
        caller.answer_id,
        caller.request_id,
        model,
        NOTHING if model.prices.free else terms(plan),
        "text_completion" if request.prompts else "chat",
        request.door,
        request.stream,
        body,
        None if assigned is None else assigned.campaign,
        None if assigned is None else assigned.variant,
    )


def _whole(node: str, usage: Usage) -> tuple[Served, ...]:
    """One node did all of it, where one did."""
    return (Served(node, "", usage.total_tokens),) if node else ()


def _is_useless(record: Record) -> bool:
    """Whether what had come of an answer that failed is of no use: a part of a document, or perhaps of a call."""
    plan = record.plan
    return reason_of(record.failure) == "failed" and (plan.schema is not None or bool(plan.request.tools))


def _prompt_is_unknown(record: Record) -> bool:
    """Whether a stream was broken off after its first token, before its engine told how long the prompt was."""
    plan, usage = record.plan, record.usage
    broken = record.failure is not None and plan.request.stream and usage.completion_tokens > 0
    return broken and not usage.prompt_tokens and plan.model.prices.prompt > 0


async def _end_counted(charge: Charge, outcome: Outcome, plan: Plan) -> None:
    """End a charge with the length of its prompts as an engine counts them; what nobody can count is not charged."""
    counted = 0
    with contextlib.suppress(AntiphonError, TimeoutError):
        async with asyncio.timeout(COUNT_S_MAX):
            counted = await _prompt_tokens(plan)
    usage = msgspec.structs.replace(outcome.usage, prompt_tokens=counted)
    charge.end(msgspec.structs.replace(outcome, usage=usage))
    if plan.caller.course is not None:
        plan.caller.course.settled(charge.charged, asyncio.get_running_loop().time())


async def _prompt_tokens(plan: Plan) -> int:
    """The length of all prompts; a chat has one."""
    offer = plan.model.first_live()
    counted = 0
    for index in range(0, plan.request.choices, plan.request.n):
        counted += await offer.engine.count_prompt_tokens(job(plan, offer, index)) or 0
    return counted
