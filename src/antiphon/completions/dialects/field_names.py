"""What a vendor calls the fields that refusals name as OpenAI's chats do. Pure.

Behind its dialect a request is the same whatever it was written as, so whoever refuses it knows one name for a field.
"""

from __future__ import annotations

import re

from antiphon.errors import AntiphonError, BadRequest

LIMIT = re.compile(r"(?<![.\w])max_tokens\b")  # what bounds an answer, in the middle of a sentence


class FieldNames:
    """A vendor's names: each pattern is one of a chat's fields, from its beginning, and what stands in its place.

    `limit` is what bounds an answer.
    """

    def __init__(self, *rows: tuple[str, str], limit: str = "max_tokens") -> None:
        self._rows = tuple((re.compile(pattern), name) for pattern, name in rows)
        self._limit = limit

    def told(self, error: AntiphonError) -> AntiphonError:
        """The same error in the vendor's words; every one but a refusal of the request's body stays as it is."""
        if type(error) is not BadRequest or error.param is None:
            return error
        param = self._name(error.param)
        said = error.message.removeprefix(error.param)
        if said != error.message:
            said = param + LIMIT.sub(self._limit, said)
        if (param, said) == (error.param, error.message):
            return error
        return BadRequest(said, param=param, code=error.code)

    def _name(self, param: str) -> str:
        for pattern, name in self._rows:
            if pattern.match(param):
                return pattern.sub(name, param, count=1)
        return param


AS_CHATS = FieldNames()
