"""From the filters and pages of the schema to those of the stores. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from antiphon.errors import BadRequest
from antiphon.graphql.inputs import (
    CompletionFilter,
    CompletionSource,
    CursorPage,
    Expression,
    LabelCondition,
    NumericCondition,
    OrderPair,
    ScoreCondition,
    StringCondition,
    TimeRange,
)
from antiphon.interactions.group_store import GroupPaging
from antiphon.interactions.model import Filter, LabelFilter, Rating, Source
from antiphon.interactions.paging import LIMIT_DEFAULT, LIMIT_MAX, Order, Paging, position

NOBODY = ("",)  # what nothing is called
CONDITIONS_MAX = 64
VALUES_MAX = 256
GROUP_CURSOR = "group:"  # which no cursor of completions begins with

ModelId = Callable[[str], str]


class Part(Struct, frozen=True):
    """Which part of a list, read forwards or backwards."""

    paging: Paging
    backwards: bool = False


def wanted(given: CompletionFilter, project_id: str, model_id: ModelId) -> Filter:
    """The filter that lets through what fits all conditions; BadRequest for too many of them."""
    conditions = list(_flat(given.advanced_filter if given.advanced_filter is not None else _simple(given)))
    if len(conditions) > CONDITIONS_MAX:
        raise BadRequest(f"filter: at most {CONDITIONS_MAX} conditions are allowed.", param="filter")
    narrow = _Narrowing(model_id)
    for condition in conditions:
        narrow.by(condition)
    return narrow.filter(project_id)


def part(page: CursorPage, order: Sequence[OrderPair] | None) -> Part:
    """Which part of a list of completions, by time."""
    backwards = page.last is not None
    if backwards and (page.first is not None or page.after is not None):
        raise BadRequest("page: `last` stands with `before` alone.", param="page")
    if page.before is not None and not backwards:
        raise BadRequest("page: `before` takes `last` too.", param="page")
    direction = _order(order, "created_at", "desc")
    if backwards:
        direction = "asc" if direction == "desc" else "desc"
    cursor = page.before if backwards else page.after
    after = None if cursor is None else position(cursor, "page")
    return Part(Paging(after, _limit(page.last if backwards else page.first), direction), backwards)


def part_of_group(page: CursorPage, order: Sequence[OrderPair] | None, limit_max: int) -> Part:
    """Which part of one group's completions; a cursor of groups, which clients give here too, says nothing."""
    if page.after is not None and page.after.startswith(GROUP_CURSOR):
        page = CursorPage(first=page.first)
    asked = part(page, order)
    limit = min(asked.paging.limit, limit_max)
    return Part(Paging(asked.paging.after, limit, asked.paging.order), asked.backwards)


def part_of_groups(page: CursorPage, order: Sequence[OrderPair] | None) -> GroupPaging:
    """Which part of a list of groups, by their keys."""
    if page.before is not None or page.last is not None:
        raise BadRequest("page: groups are read forwards, by `first` and `after`.", param="page")
    if page.after is not None and not page.after.startswith(GROUP_CURSOR):
        raise BadRequest("page: not a cursor that a list of groups gave.", param="page")
    after = None if page.after is None else _storable(page.after.removeprefix(GROUP_CURSOR), "page: a cursor")
    return GroupPaging(_limit(page.first), after, _order(order, "group", "asc"))


def group_cursor(key: str | None) -> str:
    """Where the list of groups goes on behind the one of that key."""
    return GROUP_CURSOR + (key or "")


class _Narrowing:
    """Adds conditions up; two that no completion can fit both leave nothing."""

    def __init__(self, model_id: ModelId) -> None:
        self._model_id = model_id
        self._several: dict[str, tuple[str, ...]] = {}
        self._nothing = False
        self._labels: list[LabelFilter] = []
        self._sources: set[CompletionSource] = set()
        self._rating: Rating | None = None
        self._from_ms: int | None = None
        self._to_ms: int | None = None

    def by(self, said: Expression) -> None:
        """One more condition, or several that stand together."""
        if said.model is not None:
            self._one_of("models", [self._model_id(name) for name in _values(said.model)])
        if said.prompt_hash is not None:
            self._one_of("prompt_hash", _values(said.prompt_hash))
        if said.created_by is not None:
            self._one_of("user", _values(said.created_by))
        if said.session_id is not None:
            self._one_of("session_id", [said.session_id])
        if said.completion_id is not None:
            self._one_of("completion_ids", [said.completion_id])
        if said.label is not None:
            values = () if said.label.value is None else tuple(_values(said.label.value))
            self._labels.append(LabelFilter(_storable(said.label.key, "filter: a label's key"), values))
        if said.source is not None:
            self._sources.add(said.source)
        if said.timerange is not None:
            self._between(said.timerange)
        if said.scores is not None:
            self._rate(said.scores)

    def filter(self, project_id: str) -> Filter:
        """The filter of them all."""
        known: set[Source] = {one for one in ("LIVE", "OFFLINE") if one in self._sources}
        nothing = self._nothing or (bool(self._sources) and not known)
        return Filter(
            projects=(project_id,),
            models=self._several.get("models", ()),
            labels=tuple(self._labels),
            session_id=self._only("session_id"),
            user=self._only("user"),
            from_ms=self._from_ms,
            to_ms=self._to_ms,
            source=next(iter(known)) if len(known) == 1 else None,
            prompt_hash=self._only("prompt_hash"),
            rating=self._rating,
            completion_ids=NOBODY if nothing else self._several.get("completion_ids", ()),
        )

    def _one_of(self, field: str, values: Sequence[str]) -> None:
        before = self._several.get(field)
        both = [value for value in dict.fromkeys(values) if before is None or value in before]
        self._several[field] = tuple(both)
        self._nothing = self._nothing or not both

    def _only(self, field: str) -> str | None:
        """The one value of a field of which the stores take no several."""
        values = self._several.get(field)
        if values is not None and len(values) > 1:
            raise BadRequest(f"filter: one {field} at a time is looked for.", param="filter")
        return values[0] if values else None

    def _between(self, given: TimeRange) -> None:
        self._from_ms = given.from_ if self._from_ms is None else max(self._from_ms, given.from_)
        self._to_ms = given.to if self._to_ms is None else min(self._to_ms, given.to)

    def _rate(self, given: ScoreCondition) -> None:
        value = given.value or NumericCondition()
        lowest = value.gte if value.eq is None else value.eq
        highest = value.lte if value.eq is None else value.eq
        rating = Rating(given.metric, lowest, highest)
        if self._rating not in (None, rating) or (value.eq is not None and (value.gte, value.lte) != (None, None)):
            raise BadRequest("filter: one condition on scores is looked for, by `eq` or by bounds.", param="filter")
        self._rating = rating


def _simple(given: CompletionFilter) -> Expression:
    """What the plain fields say, as an expression."""
    labels = [
        LabelCondition(one.key, None if one.value is None else StringCondition(in_=one.value))
        for one in given.labels or ()
    ]
    sources = [Expression(source=source) for source in given.source or ()]
    return Expression(
        and_=[*(Expression(label=one) for one in labels), *sources],
        timerange=given.timerange,
        model=None if given.models is None else StringCondition(in_=given.models),
        prompt_hash=None if given.prompt_hash is None else StringCondition(eq=given.prompt_hash),
        session_id=given.session_id,
        created_by=None if given.created_by is None else StringCondition(eq=given.created_by),
        completion_id=given.completion_id,
    )


def _flat(said: Expression) -> Iterator[Expression]:
    """An expression and all that stand in it: they are joined by `and` alone."""
    yield said
    for one in said.and_ or ():
        yield from _flat(one)


def _values(condition: StringCondition) -> list[str]:
    given = [*(condition.in_ or ()), *(() if condition.eq is None else (condition.eq,))]
    if condition.eq is not None and condition.in_ is not None:
        raise BadRequest("filter: `eq` and `in` do not stand together.", param="filter")
    if len(given) > VALUES_MAX or any("\0" in value for value in given):
        raise BadRequest(f"filter: at most {VALUES_MAX} values, without U+0000, are allowed.", param="filter")
    return given


def _storable(text: str, what: str) -> str:
    """The text, which a database can look for."""
    if "\0" in text:
        raise BadRequest(f"{what} holds no U+0000.", param=what.partition(":")[0])
    return text


def _limit(asked: int | None) -> int:
    if asked is None:
        return LIMIT_DEFAULT
    if not 1 <= asked <= LIMIT_MAX:
        raise BadRequest(f"page: expected 1 to {LIMIT_MAX}.", param="page")
    return asked


def _order(given: Sequence[OrderPair] | None, field: str, default: Order) -> Order:
    """The direction; a list here is ordered by one field only."""
    if not given:
        return default
    if len(given) > 1 or given[0].field != field:
        raise BadRequest(f"order: this list is ordered by `{field}` alone.", param="order")
    return "desc" if given[0].order == "DESC" else "asc"
