"""What is told of a request to whoever follows its course: what it is for, and what became of it."""

from __future__ import annotations

from typing import Literal

from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.plan import Plan
from antiphon.completions.record import Record
from antiphon.course import Course, Wanted
from antiphon.http.exchange import Exchange
from antiphon.trace_context import TraceContext, read


def trace_of(exchange: Exchange) -> TraceContext | None:
    """The trace that a request belongs to: our own span of it where it is traced here, else the client's."""
    course = exchange.course
    if course is not None and course.trace is not None:
        return course.trace
    return read(exchange.headers)


def planned(plan: Plan, course: Course) -> None:
    """A request is checked, and may look for an engine."""
    caller, request, key = plan.caller, plan.request, plan.caller.key
    operation: Literal["text_completion", "chat"] = "text_completion" if request.prompts else "chat"
    course.planned(
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


def planned_embeddings(plan: EmbeddingPlan, course: Course) -> None:
    """As `planned`, for embeddings."""
    caller, key = plan.caller, plan.caller.key
    wanted = Wanted(
        caller.answer_id,
        key.account,
        key.name,
        plan.model.id,
        "embeddings",
        plan.request.door,
        ledger=key.ledger,
    )
    course.planned(wanted)


def answered(record: Record | EmbeddingRecord, course: Course) -> None:
    """What became of an answer."""
    course.answered(record.node, record.usage, record.failure)
