"""Request bodies to wire structs, for every route: what is wrong becomes one sentence that names the field. Pure."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from antiphon.errors import BadRequest

Wire = TypeVar("Wire")

_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_WORDS = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_TYPE = re.compile(r"`([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_WORD = re.compile(r"\b(int|float|str|bool)\b")


def decode(body: bytes, decoder: msgspec.json.Decoder[Wire]) -> Wire:
    """The struct that `body` holds; BadRequest with the field as `param` when it does not fit."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(_malformed(body, error), code="invalid_json") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.", code="invalid_json") from None


def _malformed(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "The body is empty: a JSON object is expected."
    if isinstance(error, UnicodeDecodeError):
        return "The body is not UTF-8."
    detail = str(error).removeprefix("JSON is malformed: ")
    return f"The body is not valid JSON: {detail}."


def _invalid(text: str) -> BadRequest:
    place = _PLACE.search(text)
    param = place.group(1) if place else None
    if unknown := _UNKNOWN.match(text):
        param = f"{param}.{unknown.group(1)}" if param else unknown.group(1)
        return BadRequest(f"{param}: unknown field.", param=param)
    rule = _TYPE.sub(lambda match: _words(match.group(1)), text[: place.start()] if place else text)
    missing = re.match(r"Object missing required field (.+)$", rule)
    if missing:
        param = f"{param}.{missing.group(1)}" if param else missing.group(1)
        return BadRequest(f"{param}: required.", param=param, code="missing_required_parameter")
    rule = rule[0].lower() + rule[1:]
    return BadRequest(f"{param}: {rule}." if param else f"The body: {rule}.", param=param)


def _words(type_name: str) -> str:
    words = _WORD.sub(lambda match: _WORDS[match.group(1)], type_name)
    return words.replace("integer | number", "number").replace(" | null", " or null").replace(" | ", " or ")


def whole(value: float | None, param: str) -> int | None:
    """An integer, also when it was written 1.0; BadRequest for 1.5."""
    if value is None or isinstance(value, int):
        return value
    if not value.is_integer():
        raise BadRequest(f"{param}: expected an integer.", param=param)
    return int(value)
