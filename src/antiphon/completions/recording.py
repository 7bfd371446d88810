"""What became of a request: the interactions that are stored for it, one a choice, and what is counted of it. Pure."""

from __future__ import annotations

from antiphon.campaigns.aggregates import Counted
from antiphon.chat import Choice
from antiphon.completions.plan import Plan
from antiphon.completions.record import CLIENT_GONE, Record
from antiphon.credits.pricing import cost
from antiphon.interactions.model import Answer, Interaction, Parameters, Timings

REFUSED = "engine_refused"  # the failure of a request that its engine would not answer


def interactions(record: Record, now_ms: int) -> list[Interaction]:
    """The rows to store at time `now_ms`, in milliseconds since 1970; none where nothing was delivered."""
    plan = record.plan
    if not plan.stored or (record.failure is not None and not any(map(_says_something, record.choices))):
        return []
    made_with = parameters(plan)
    timings = _timings(record)
    return [_interaction(record, choice, made_with, timings, now_ms) for choice in record.choices]


def counted(record: Record, now_ms: int) -> Counted | None:
    """What its campaign counts; None where it took part in none, or chose its variant itself.

    A client that left is no failure of the variant, and how long it had waited by then says nothing.
    """
    plan, usage, failure = record.plan, record.usage, record.failure
    assigned = plan.assigned
    if assigned is None or assigned.unit is None:
        return None
    refused = failure == REFUSED or any(choice.finish_reason == "content_filter" for choice in record.choices)
    timings = _timings(record)
    return Counted(
        campaign_id=assigned.campaign_id,
        answer_id=plan.caller.answer_id,
        variant=assigned.variant,
        unit=assigned.unit,
        at_ms=now_ms,
        latency_ms=timings.total_ms if failure is None else None,
        ttft_ms=timings.ttft_ms if failure is None else None,
        cost_micro_usdc=cost(plan.model.prices, usage),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        failed=failure is not None and failure not in (REFUSED, CLIENT_GONE),
        refused=refused,
    )


def _says_something(choice: Choice) -> bool:
    return bool(choice.content or choice.tool_calls or choice.reasoning)


def _interaction(record: Record, choice: Choice, made_with: Parameters, timings: Timings, now_ms: int) -> Interaction:
    plan, request, assigned = record.plan, record.plan.request, record.plan.assigned
    return Interaction(
        completion_id=plan.completion_ids[choice.index],
        account=plan.caller.key.account,
        created_at_ms=now_ms,
        messages=request.asked(choice.index),
        completion=Answer(choice.content, choice.tool_calls, choice.reasoning),
        answer_id=plan.caller.answer_id,
        index=choice.index,
        project_id=None if plan.project is None else plan.project.id,
        door=request.door,
        request_id=plan.caller.request_id,
        model=plan.model.id,
        node=record.node,
        session_id=plan.session_id,
        user=request.user,
        campaign=None if assigned is None else assigned.campaign,
        variant=None if assigned is None else assigned.variant,
        unit=None if assigned is None else assigned.unit,
        finish_reason=choice.finish_reason if record.failure is None else None,
        parameters=made_with,
        usage=record.usages[choice.index],
        timings=timings,
        labels=request.labels or {},
        tags=request.tags,
        error=record.failure,
    )


def parameters(plan: Plan) -> Parameters:
    """What an answer is generated with, as it takes effect."""
    request = plan.request
    return Parameters(
        sampling=plan.sampling,
        n=request.n,
        tools=request.tools,
        tool_choice=request.tool_choice,
        parallel_tool_calls=request.parallel_tool_calls,
        response_format=request.response_format,
        reasoning=request.reasoning,
        stream=request.stream,
        timeout_s=plan.total_at - plan.begun_at,
        max_ttft_s=plan.first_token_at - plan.begun_at,
        prompt_tokens_max=request.prompt_tokens_max,
        system_prompt_args=request.system_prompt_args,
        use_tools=request.use_tools,
        tool_overrides=request.tool_overrides,
        drops_turns=request.drops_turns,
        instructions=request.instructions,
        previous_id=request.previous_id,
    )


def _timings(record: Record) -> Timings:
    begun_at, first = record.plan.begun_at, record.first_token_at
    return Timings(
        ttft_ms=None if first is None else round((first - begun_at) * 1000, 3),
        total_ms=round((record.ended_at - begun_at) * 1000, 3),
    )
