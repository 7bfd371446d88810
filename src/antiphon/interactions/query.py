"""From a filter to SQL that reads along an index. Pure: text and values."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.db import Value
from antiphon.interactions.model import Filter, LabelFilter, Rating, Reach
from antiphon.interactions.paging import Paging

NO_MODEL = ("",)


class Query:
    """The clauses for what a filter means within what a caller may see.

    The first label, else the first tag, leads: its index holds the time and the id too. Without any, the interactions
    themselves are read along the index that fits.
    """

    def __init__(self, reach: Reach, wanted: Filter) -> None:
        self.values: dict[str, Value] = {"account": reach.account}
        self._conditions: list[str] = []
        labels, tags = list(wanted.labels), list(wanted.tags)
        if labels:
            self._lead("interaction_labels")
            self._label("lead", labels.pop(0))
        elif tags:
            self._lead("interaction_tags")
            self._is("lead.tag", tags.pop(0))
        else:
            self.lead = "i"
            self.tables = "interactions AS i"
            self._conditions.append("i.account = :account")
        self._fields(reach, wanted)
        for label in labels:
            self._also("interaction_labels", label)
        for tag in tags:
            self._also("interaction_tags", tag)

    @property
    def where(self) -> str:
        """All conditions."""
        return " AND ".join(self._conditions)

    def page(self, paging: Paging) -> str:
        """The conditions and the order for one part of the list; one row more than asked for tells of a next part."""
        newest_first = paging.order == "desc"
        sign, direction = ("<", "DESC") if newest_first else (">", "ASC")
        if paging.after is not None:
            self.values |= {"after_ms": paging.after.at_ms, "after_id": paging.after.id}
            place = f"({self.lead}.created_at_ms, {self.lead}.completion_id)"
            self._conditions.append(f"{place} {sign} (:after_ms, :after_id)")
        self.values["limit"] = paging.limit + 1
        order = f"{self.lead}.created_at_ms {direction}, {self.lead}.completion_id {direction}"
        return f"{self.where} ORDER BY {order} LIMIT :limit"

    def _lead(self, table: str) -> None:
        self.lead = "lead"
        # CROSS JOIN: SQLite then keeps the order of the tables.
        self.tables = f"{table} AS lead CROSS JOIN interactions AS i"
        self._conditions += ["lead.account = :account", "i.completion_id = lead.completion_id"]

    def _fields(self, reach: Reach, wanted: Filter) -> None:
        if reach.projects is not None:
            self._one_of("i.project_id", reach.projects)
        if wanted.projects is not None:
            self._one_of("i.project_id", wanted.projects)
        if wanted.models == NO_MODEL:
            self._conditions.append("i.model IS NULL")
        elif wanted.models:
            self._one_of("i.model", wanted.models)
        if wanted.completion_ids:
            self._one_of("i.completion_id", wanted.completion_ids)
        if wanted.variants:
            self._one_of("i.variant", wanted.variants)
        for column, value in (
            ("i.session_id", wanted.session_id),
            ("i.user_id", wanted.user),
            ("i.source", wanted.source),
            ("i.prompt_hash", wanted.prompt_hash),
            ("i.campaign", wanted.campaign),
            ("i.answer_id", wanted.answer_id),
        ):
            if value is not None:
                self._is(column, value)
        if wanted.from_ms is not None:
            self._conditions.append(f"{self.lead}.created_at_ms >= {self._put(wanted.from_ms)}")
        if wanted.to_ms is not None:
            self._conditions.append(f"{self.lead}.created_at_ms < {self._put(wanted.to_ms)}")
        if wanted.rating is not None:
            self._rated(wanted.rating)

    def _rated(self, wanted: Rating) -> None:
        """What stands of feedback by a metric, on the average."""
        metric = self._put(wanted.metric)
        mean = (
            "(SELECT AVG(f.value) FROM feedback_standing AS s JOIN feedback AS f ON f.id = s.feedback_id"
            " JOIN metrics AS m ON m.id = s.metric_id WHERE s.completion_id = i.completion_id"
            f" AND m.account = i.account AND (m.id = {metric} OR m.key = {metric}))"
        )
        bounds = ((">=", wanted.value_min), ("<=", wanted.value_max))
        given = [f"{mean} {sign} {self._put(value)}" for sign, value in bounds if value is not None]
        self._conditions += given or [f"{mean} IS NOT NULL"]

    def _also(self, table: str, other: LabelFilter | str) -> None:
        """A further label or tag that must be there."""
        outer = self._conditions
        self._conditions = ["other.completion_id = i.completion_id"]
        if isinstance(other, LabelFilter):
            self._label("other", other)
        else:
            self._is("other.tag", other)
        outer.append(f"EXISTS (SELECT 1 FROM {table} AS other WHERE {self.where})")
        self._conditions = outer

    def _label(self, table: str, wanted: LabelFilter) -> None:
        self._is(f"{table}.label", wanted.label)
        if wanted.values:
            self._one_of(f"{table}.value", wanted.values)

    def _one_of(self, column: str, values: Sequence[str]) -> None:
        if len(values) == 1:
            self._is(column, values[0])
        else:
            places = ", ".join(self._put(value) for value in values)
            self._conditions.append(f"{column} IN ({places})" if places else "1 = 0")

    def _is(self, column: str, value: str) -> None:
        self._conditions.append(f"{column} = {self._put(value)}")

    def _put(self, value: Value) -> str:
        """The place of a value in the statement."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"
