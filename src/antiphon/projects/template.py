"""System prompt templates: `{{name}}` becomes the value of an argument, in one pass. Pure.

No template engine: a template is text from an administrator, its values are text from strangers, and neither may
compute anything. What has been put in is never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.errors import BadRequest

NAME = r"[A-Za-z_]\w{0,63}"
PLACEHOLDER = re.compile(r"\{\{ *(" + NAME + r") *\}\}", re.ASCII)
ARGUMENT_NAME = re.compile(NAME, re.ASCII)
TEMPLATE_BYTES_MAX = 65_536
VALUE_BYTES_MAX = 8_192
VALUES_BYTES_MAX = 65_536  # all that is put into one prompt, a value as often as it stands there
ARGUMENTS_MAX = 64
PARAM = "system_prompt_args"

Broken = Iterator[tuple[tuple[str | int, ...], str]]


class Argument(Struct, frozen=True):
    """What a template says of one of its placeholders. `default` stands in for a value that is not given."""

    name: str
    required: bool = True
    default: str | None = None
    description: str = ""


class Template(Struct, frozen=True):
    """A text with placeholders; one that is not declared is a required argument."""

    text: str
    arguments: tuple[Argument, ...] = ()


def system_prompt(template: Template | None, given: Mapping[str, Any] | None) -> str | None:
    """The system prompt for one request, None without a template; BadRequest names the argument that is wrong."""
    if template is not None:
        return render(template, given or {})
    if given:
        raise BadRequest(f"{PARAM}: there is no system prompt template that takes arguments.", param=PARAM)
    return None


def render(template: Template, given: Mapping[str, Any]) -> str:  # Any: values of any JSON type
    """The template's text with every placeholder replaced; arguments that it has no place for are ignored."""
    pieces = PLACEHOLDER.split(template.text)  # text, name, text, name, ..., text
    if len(pieces) == 1:
        return template.text
    declared = {argument.name: argument for argument in template.arguments}
    values = {name: _value(name, declared.get(name), given.get(name)) for name in dict.fromkeys(pieces[1::2])}
    for place in range(1, len(pieces), 2):
        pieces[place] = values[pieces[place]]
    if sum(len(value.encode()) for value in pieces[1::2]) > VALUES_BYTES_MAX:
        raise BadRequest(f"{PARAM}: the values would fill more than {VALUES_BYTES_MAX} bytes.", param=PARAM)
    return "".join(pieces)


def broken(template: Template) -> Broken:
    """Each rule that the template breaks, with the place of what is wrong."""
    if len(template.text.encode()) > TEMPLATE_BYTES_MAX:
        yield ("system_prompt",), f"expected at most {TEMPLATE_BYTES_MAX} bytes"
    if len(template.arguments) > ARGUMENTS_MAX:
        yield ("arguments",), f"expected at most {ARGUMENTS_MAX} arguments"
    placed = set(PLACEHOLDER.findall(template.text))
    seen: set[str] = set()
    for index, argument in enumerate(template.arguments):
        place = ("arguments", index, "name")
        if not ARGUMENT_NAME.fullmatch(argument.name):
            yield place, "expected 1 to 64 letters, digits and `_`, not beginning with a digit"
        elif argument.name in seen:
            yield place, f"`{argument.name}` stands there twice"
        elif argument.name not in placed:
            yield place, f"the system prompt has no `{{{{{argument.name}}}}}`"
        seen.add(argument.name)
        if argument.default is not None and len(argument.default.encode()) > VALUE_BYTES_MAX:
            yield ("arguments", index, "default"), f"expected at most {VALUE_BYTES_MAX} bytes"


def _value(name: str, argument: Argument | None, given: Any) -> str:  # Any: a value of any JSON type
    """The text of one argument; null counts as not given."""
    param = f"{PARAM}.{name}"
    if given is not None:
        text = _text(given, param)
        if len(text.encode()) > VALUE_BYTES_MAX:
            raise BadRequest(f"{param}: expected at most {VALUE_BYTES_MAX} bytes.", param=param)
        return text
    if argument is not None and argument.default is not None:
        return argument.default
    if argument is not None and not argument.required:
        return ""
    raise BadRequest(f"{param}: required.", param=param, code="missing_required_parameter")


def _text(value: Any, param: str) -> str:  # Any: a value of any JSON type
    """A string as it is, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except RecursionError:
        raise BadRequest(f"{param}: nested too deeply.", param=param) from None
