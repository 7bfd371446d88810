"""A checked schema whose subschemas can be found by place, by pointer and by anchor. Local references only."""

from __future__ import annotations

from typing import Any  # a schema is the caller's own JSON
from urllib.parse import unquote

from msgspec import Struct

from antiphon.chat import JSONSchema
from antiphon.errors import BadRequest
from antiphon.structured.limits import At, check_schema, place_name

_DRAFTS = {"draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019, "2020-12": 2020}


class Exclusion(Struct, frozen=True):
    """What a negation leaves out, where no keyword of JSON Schema says so."""

    kinds: frozenset[str] = frozenset()  # of `kinds.KINDS`
    values: tuple[Any, ...] = ()  # JSON values
    patterns: tuple[str, ...] = ()  # strings that these are found in
    names: tuple[str, ...] = ()  # properties


class Place(Struct, frozen=True):
    """A subschema and where it stands. Two places are the same if `at` is."""

    at: At
    schema: JSONSchema
    param: str
    exclusion: Exclusion = Exclusion()

    def get(self, keyword: str, default: Any = None) -> Any:
        """The value of `keyword`, `default` if it is absent or the schema is a boolean."""
        return self.schema.get(keyword, default) if isinstance(self.schema, dict) else default

    def has(self, *keywords: str) -> bool:
        """Whether any of `keywords` stands here."""
        return isinstance(self.schema, dict) and any(keyword in self.schema for keyword in keywords)

    def child(self, *steps: str | int) -> Place:
        """The subschema that `steps` lead to."""
        schema: Any = self.schema
        for step in steps:
            schema = schema[step]
        return Place(at=(*self.at, *steps), schema=schema, param=place_name(self.param, steps))

    def derived(self, mark: str, schema: dict[str, Any], exclusion: Exclusion | None = None) -> Place:
        """A schema that follows from this one; `mark` tells it from others derived here."""
        at = (*self.at, "\0" + mark)
        return Place(at=at, schema=schema, param=self.param, exclusion=exclusion or Exclusion())

    def refuse(self, keyword: str, why: str) -> BadRequest:
        """The error that names `keyword` here."""
        param = f"{self.param}.{keyword}"
        return BadRequest(f"{param} {why}", param=param)


class Document:
    """One schema: checked when built, then looked up."""

    def __init__(self, schema: JSONSchema, *, param: str) -> None:
        self.param = param
        self.draft = _draft(schema, param)
        self._found = check_schema(schema, param=param, draft=self.draft)
        self.root = self._place(())
        self._anchors = self._collect_anchors()

    def resolve(self, place: Place) -> Place:
        """The place that the `$ref` of `place` names."""
        ref: str = place.get("$ref")
        base = self.root.get("$id") or self.root.get("id") or ""
        local = ref.removeprefix(base.rstrip("#")) if base and ref != "#" else ref
        if local == "":
            return self.root
        if not local.startswith("#"):
            raise place.refuse("$ref", "must point into the same schema (`#/…`); other documents are not fetched.")
        at = self._anchors.get(local[1:]) if local[1:] and not local.startswith("#/") else self._follow(local[1:])
        if at is None or at not in self._found:
            raise place.refuse("$ref", "points to no schema.")
        return self._place(at)

    def _place(self, at: At) -> Place:
        return Place(at=at, schema=self._found[at], param=place_name(self.param, at))

    def _follow(self, pointer: str) -> At | None:
        """The place that a JSON pointer names, None if there is nothing."""
        steps: list[str | int] = []
        node: Any = self.root.schema
        for part in pointer.split("/")[1:]:
            step: str | int = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and isinstance(step, str) and step.isdecimal() and int(step) < len(node):
                step = int(step)
            elif not (isinstance(node, dict) and step in node):
                return None
            node = node[step]
            steps.append(step)
        return tuple(steps)

    def _collect_anchors(self) -> dict[str, At]:
        """Plain-name fragments. An `$id` inside the schema would move the base of references: refused."""
        anchors: dict[str, At] = {}
        for at, schema in self._found.items():
            if not isinstance(schema, dict):
                continue
            for keyword in ("$id", "id"):
                name = schema.get(keyword)
                if not isinstance(name, str) or not at or (keyword == "id" and self.draft != 4):
                    continue
                if not name.startswith("#"):
                    raise self._place(at).refuse(keyword, "is supported at the root only.")
                anchors[name[1:]] = at
            if isinstance(schema.get("$anchor"), str):
                anchors[schema["$anchor"]] = at
        return anchors


def _draft(schema: JSONSchema, param: str) -> int:
    """The year or number of the draft that `$schema` names; 2020 if it is absent."""
    name = schema.get("$schema") if isinstance(schema, dict) else None
    if name is None:
        return 2020
    if isinstance(name, str):
        for part, draft in _DRAFTS.items():
            if f"json-schema.org/{part}/schema" in name or f"json-schema.org/draft/{part}/schema" in name:
                return draft
    raise BadRequest(
        f"{param}.$schema must name a draft of JSON Schema from 4 to 2020-12, or be absent.",
        param=f"{param}.$schema",
    )
