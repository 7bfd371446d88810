"""What is told of a request to whoever follows its course: what it is for, and what became of it."""

from __future__ import annotations

from typing import Literal

from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.plan import Plan
from antiphon.completions.record import Record
from antiphon.course import Wanted
from antiphon.http.exchange import Exchange
from antiphon.trace_context import TraceContext, read


def trace_of(exchange: Exchange) -> TraceContext | None:
    """The trace that a request belongs to: our own span of it where it is traced here, else the client's."""
    course = exchange.course
    if course is not None and course.trace is not None:
        return course.trace
    return read(exchange.headers)


def planned(plan: Plan) -> None:
    """A request is checked, and may look for an engine."""
    caller, request = plan.caller, plan.request
    if caller.course is not None:
        operation: Literal["text_completion", "chat"] = "text_completion" if request.prompts else "chat"
        key = caller.key
        caller.course.planned(
            Wanted(
                caller.answer_id,
                key.account,
                key.name,
                plan.model.id,
                operation,
                request.door,
                request.stream,
                key.ledger,
            )
        )


def planned_embeddings(plan: EmbeddingPlan) -> None:
    """As `planned`, for embeddings."""
    caller, key = plan.caller, plan.caller.key
    if caller.course is not None:
        wanted = Wanted(
            caller.answer_id,
            key.account,
            key.name,
            plan.model.id,
            "embeddings",
            plan.request.door,
            ledger=key.ledger,
        )
        caller.course.planned(wanted)


def answered(record: Record | EmbeddingRecord) -> None:
    """What became of an answer."""
    course = record.plan.caller.course
    if course is not None:
        course.answered(record.node, record.usage, record.failure)
