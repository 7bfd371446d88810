"""The query of an address that lists: filters and paging, checked. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qsl

from msgspec import Meta, Struct, structs

from antiphon.errors import BadRequest
from antiphon.interactions.model import Filter, LabelFilter, Rating, Source
from antiphon.interactions.paging import LIMIT_DEFAULT, LIMIT_MAX, Order, Paging, position

FIELDS_MAX = 128
CHARACTERS_MAX = 512
INTEGER = re.compile(r"[0-9]{1,18}")
HASH = re.compile(r"[0-9a-f]{64}")

FindProject = Callable[[str], str]
Fields = dict[str, list[str]]
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]


class PagingQuery(Struct):
    """Which part of a list."""

    after: str = ""
    limit: Limit = LIMIT_DEFAULT
    order: Order = "desc"


class FilterQuery(Struct):
    """Which interactions are meant. A list may stand in several fields of its name."""

    project: list[str] = []
    model: list[str] = []
    label: list[str] = []
    tag: list[str] = []
    session_id: str = ""
    user: str = ""
    from_ms: int = 0
    to_ms: int = 0
    source: Source = "LIVE"
    prompt_hash: str = ""
    completion_id: list[str] = []
    campaign: str = ""
    variant: list[str] = []
    metric: str = ""
    value_min: float = 0
    value_max: float = 0
    account: str = ""


class ListingQuery(FilterQuery):
    """The query of GET /v1/interactions; `count` asks for the total too."""

    after: str = ""
    limit: Limit = LIMIT_DEFAULT
    order: Order = "desc"
    count: bool = False


FILTERS = frozenset(FilterQuery.__struct_fields__)
PAGING = frozenset(PagingQuery.__struct_fields__)
SEVERAL = frozenset(field.name for field in structs.fields(FilterQuery) if field.type == list[str])


class Meant(Struct, frozen=True):
    """Which interactions are meant, and whose; None: the caller's own."""

    wanted: Filter
    account: str | None = None


class Listing(Struct, frozen=True):
    """What a list was asked for."""

    wanted: Filter
    paging: Paging
    counted: bool
    account: str | None = None


def read_listing(query: str, find_project: FindProject) -> Listing:
    """The filter and the paging of GET /v1/interactions; BadRequest names the field and the rule."""
    given = fields(query, frozenset(ListingQuery.__struct_fields__))
    return Listing(_filter(given, find_project), _paging(given, "desc"), _truth(given, "count"), _one(given, "account"))


def read_filter(query: str, find_project: FindProject, *, needed: bool = True) -> Meant:
    """The filter of what is deleted or exported. Where it is needed it must not be empty.

    Nobody means everything by saying nothing.
    """
    given = fields(query, FILTERS)
    if needed and not given:
        raise BadRequest("The query: at least one filter is required, such as `session_id`.")
    return Meant(_filter(given, find_project), _one(given, "account"))


def read_paging(query: str, order: Order) -> Paging:
    """The paging of a list that has no filters."""
    return _paging(fields(query, PAGING), order)


def fields(query: str, known: frozenset[str]) -> Fields:
    """The query's fields; BadRequest for one that nobody knows or that may stand only once."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None
    except ValueError:
        raise BadRequest(f"The query: at most {FIELDS_MAX} fields are allowed.") from None
    given: Fields = {}
    for name, value in pairs:
        if name not in known:
            raise BadRequest(f"The query: the fields are {', '.join(sorted(known))}.")
        if not 1 <= len(value) <= CHARACTERS_MAX or "\0" in value:
            raise BadRequest(f"{name}: expected 1 to {CHARACTERS_MAX} characters, without U+0000.", param=name)
        given.setdefault(name, []).append(value)
        if len(given[name]) > 1 and name not in SEVERAL:
            raise BadRequest(f"{name}: may stand only once.", param=name)
    return given


def _filter(given: Fields, find_project: FindProject) -> Filter:
    projects = tuple(find_project(name) for name in given.get("project", ()))
    return Filter(
        projects=projects or None,
        models=tuple(given.get("model", ())),
        labels=_labels(given.get("label", [])),
        tags=tuple(given.get("tag", ())),
        session_id=_one(given, "session_id"),
        user=_one(given, "user"),
        from_ms=_integer(given, "from_ms"),
        to_ms=_integer(given, "to_ms"),
        source=_source(given),
        prompt_hash=_hash(given),
        completion_ids=tuple(given.get("completion_id", ())),
        campaign=_one(given, "campaign"),
        variants=tuple(given.get("variant", ())),
        rating=_rating(given),
    )


def _labels(given: list[str]) -> tuple[LabelFilter, ...]:
    """`label=k=v`: several values of one key are alternatives; `label=k` takes any value."""
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        label, equals, value = text.partition("=")
        if not label:
            raise BadRequest("label: expected `key` or `key=value`.", param="label")
        if not equals:
            found[label] = ()
        elif found.get(label) != ():
            found[label] = (*found.get(label, ()), value)
    return tuple(LabelFilter(label, values) for label, values in found.items())


def _rating(given: Fields) -> Rating | None:
    metric = _one(given, "metric")
    bounds = _number(given, "value_min"), _number(given, "value_max")
    if metric is not None:
        return Rating(metric, *bounds)
    if bounds != (None, None):
        raise BadRequest("metric: required where values are bounded.", param="metric")
    return None


def _paging(given: Fields, default: Order) -> Paging:
    limit = _integer(given, "limit")
    if limit is not None and not 1 <= limit <= LIMIT_MAX:
        raise BadRequest(f"limit: expected 1 to {LIMIT_MAX}.", param="limit")
    after = _one(given, "after")
    order = _one(given, "order")
    if order not in (None, *get_args(Order)):
        raise BadRequest("order: expected desc or asc.", param="order")
    return Paging(
        after=None if after is None else position(after, "after"),
        limit=LIMIT_DEFAULT if limit is None else limit,
        order=default if order is None else "desc" if order == "desc" else "asc",
    )


def _one(given: Fields, name: str) -> str | None:
    return given[name][0] if name in given else None


def _integer(given: Fields, name: str) -> int | None:
    text = _one(given, name)
    if text is None:
        return None
    if not INTEGER.fullmatch(text):
        raise BadRequest(f"{name}: expected a whole number.", param=name)
    return int(text)


def _number(given: Fields, name: str) -> float | None:
    text = _one(given, name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadRequest(f"{name}: expected a number.", param=name)
    return number


def _truth(given: Fields, name: str) -> bool:
    text = _one(given, name)
    if text not in (None, "true", "false"):
        raise BadRequest(f"{name}: expected true or false.", param=name)
    return text == "true"


def _source(given: Fields) -> Source | None:
    text = _one(given, "source")
    found: dict[str | None, Literal["LIVE", "OFFLINE"] | None] = {None: None, "LIVE": "LIVE", "OFFLINE": "OFFLINE"}
    if text not in found:
        raise BadRequest("source: expected LIVE or OFFLINE.", param="source")
    return found[text]


def _hash(given: Fields) -> str | None:
    text = _one(given, "prompt_hash")
    if text is not None and not HASH.fullmatch(text):
        raise BadRequest("prompt_hash: expected 64 digits of a SHA-256.", param="prompt_hash")
    return text
