"""What a request for an answer or for embeddings is charged by: its worst case, and how it ended.

Only requests of keys that spend credit come here. Each holds money once, whatever is tried to answer it, and the rounds
behind one answer are not told apart.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import to_thread
from collections.abc import Awaitable

import msgspec

from antiphon.chat import ChatRequest, Image, Message, Usage
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.fit import prompt_tokens_max
from antiphon.completions.fit_prompts import tokens_max
from antiphon.completions.plan import Plan, job
from antiphon.completions.record import Record
from antiphon.completions.tool_loop import ROUNDS_MAX
from antiphon.course import Course
from antiphon.credits.draft import Asked, kept
from antiphon.credits.metering import Charge, Meter
from antiphon.credits.money import usdc_text
from antiphon.credits.receipt import Outcome, Reason, Served, Terms, reason_of
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
    return Terms(_prompts(request, context), request.choices * most)


def embedding_terms(plan: EmbeddingPlan) -> Terms:
    """The most that a request can take: tokens of its inputs."""
    context = plan.model.context_length
    return Terms(sum(_within(tokens_max(text), context) for text in plan.request.inputs), 0)


def _prompts(request: ChatRequest, context: int | None) -> int:
    if request.prompts:
        return sum(_within(tokens_max(prompt), context) for prompt in request.prompts)
    size = prompt_tokens_max(request)
    if request.response_format.kind == "json_schema":
        size += 4 * len(msgspec.json.encode(request.response_format.schema))
    if any(map(_shows_images, request.messages)):
        size += context or CONTEXT_ASSUMED
    return _within(size, context)


def _within(size: int, context: int | None) -> int:
    return size if context is None else min(size, context)


def _shows_images(message: Message) -> bool:
    return type(message.content) is tuple and any(isinstance(part, Image) for part in message.content)


class Charging:
    """Charges requests by what their records say. Make it within a running event loop."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._charges: dict[str, Charge] = {}  # of requests under way, by the ids of their answers
        self._counts: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    async def open(self, plan: Plan, ledger: Ledger, body: bytes) -> Charge:
        """Hold the most that a request can cost; InsufficientCredits when there is less. Then go on with `during`."""
        request, caller, assigned = plan.request, plan.caller, plan.assigned
        asked = Asked(
            key=caller.key,
            ledger=ledger,
            answer_id=caller.answer_id,
            request_id=caller.request_id,
            model=plan.model,
            terms=NOTHING if plan.model.prices.free else terms(plan),
            operation="text_completion" if request.prompts else "chat",
            door=request.door,
            streamed=request.stream,
            body=kept(body) if len(body) <= DIGESTED_INLINE_BYTES else await to_thread(kept, body),
            campaign=None if assigned is None else assigned.campaign,
            variant=None if assigned is None else assigned.variant,
        )
        charge = self._charges[asked.answer_id] = await self._meter.open(asked)
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
        charge = self._charges[asked.answer_id] = await self._meter.open(asked)
        return charge

    def ended(self, record: Record) -> None:
        """Charge what became of an answer; a request that holds nothing here is left alone."""
        charge = self._charges.get(record.plan.caller.answer_id)
        if charge is None:
            return
        begun = record.failure is None or (record.first_token_at is not None and not _is_useless(record))
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

    async def during(self, charge: Charge, exchange: Exchange, answering: Awaitable[None]) -> None:
        """Answer a request that holds money; whatever happens then, the hold ends."""
        otherwise: Reason = "failed"
        try:
            await answering
        except asyncio.CancelledError:
            otherwise = "client_gone"
            raise
        finally:
            del self._charges[charge.id]
            course = exchange.course
            if course is None:
                exchange.conclude(lambda stands: charge.close(otherwise, stands=stands))
            else:
                exchange.conclude(lambda stands: self._close(charge, course, otherwise, stands=stands))

    def _close(self, charge: Charge, course: Course, otherwise: Reason, *, stands: bool) -> None:
        """Nothing more is sent of a request; who follows it is told what it cost, once that is known."""
        charge.close(otherwise, stands=stands)
        if charge.ended:
            course.settled(charge.charged, self._loop.time())

    async def close(self) -> None:
        """Wait for what is being counted."""
        if self._counts:
            await asyncio.wait(self._counts)


def credit_headers(charge: Charge | None, *, ended: bool) -> tuple[Header, ...]:
    """What the account has left, and once a request has `ended` what it cost; nothing of a free one."""
    if charge is None or not charge.held:
        return ()
    balance = (b"x-credits-balance", usdc_text(charge.balance).encode())
    return ((b"x-credits-cost", usdc_text(charge.charged).encode()), balance) if ended else (balance,)


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
