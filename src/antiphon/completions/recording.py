"""What became of a request as the interactions that are stored for it, one a choice. Pure."""

from __future__ import annotations

from antiphon.chat import Choice
from antiphon.completions.plan import Plan
from antiphon.completions.record import Record
from antiphon.interactions.model import Answer, Interaction, Parameters, Timings


def interactions(record: Record, now_ms: int) -> list[Interaction]:
    """The rows to store at time `now_ms`, in milliseconds since 1970; none where nothing was delivered."""
    plan = record.plan
    if not plan.stored or (record.failure is not None and not any(map(_says_something, record.choices))):
        return []
    parameters = _parameters(plan)
    timings = _timings(record)
    return [_interaction(record, choice, parameters, timings, now_ms) for choice in record.choices]


def _says_something(choice: Choice) -> bool:
    return bool(choice.content or choice.tool_calls or choice.reasoning)


def _interaction(record: Record, choice: Choice, parameters: Parameters, timings: Timings, now_ms: int) -> Interaction:
    plan, request = record.plan, record.plan.request
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
        campaign=request.campaign,
        finish_reason=choice.finish_reason if record.failure is None else None,
        parameters=parameters,
        usage=record.usages[choice.index],
        timings=timings,
        labels=request.labels or {},
        tags=request.tags,
        error=record.failure,
    )


def _parameters(plan: Plan) -> Parameters:
    """As they took effect."""
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
    )


def _timings(record: Record) -> Timings:
    begun_at, first = record.plan.begun_at, record.first_token_at
    return Timings(
        ttft_ms=None if first is None else round((first - begun_at) * 1000, 3),
        total_ms=round((record.ended_at - begun_at) * 1000, 3),
    )
