"""The last line of defence: a finished answer is held against its schema once more, by an independent validator."""

from __future__ import annotations

import jsonschema_rs
import msgspec

from antiphon.chat import JSONSchema
from antiphon.errors import BadRequest, EngineFailed


def validate(text: str, schema: JSONSchema) -> None:
    """Return if `text` is JSON that `schema` accepts; EngineFailed says where it is not."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise EngineFailed("The model's answer is not JSON.") from error
    try:
        _validator(schema).validate(value)
    except jsonschema_rs.ValidationError as error:
        place = "".join(f"/{step}" for step in error.instance_path) or "/"
        raise EngineFailed(f"The model's answer breaks its schema at {place}.") from error


def check_understood(schema: JSONSchema, *, param: str) -> None:
    """Return if the validator can hold answers against `schema`; BadRequest if it finds the schema broken."""
    try:
        _validator(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        why = str(error).partition("\n")[0][:200]
        raise BadRequest(f"{param} is no valid JSON Schema: {why}.", param=param) from error


def _validator(schema: JSONSchema) -> jsonschema_rs.Validator:
    """Offline, as it would fetch remote and `file:` references; linear-time patterns; formats count."""
    return jsonschema_rs.validator_for(
        schema, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    )
