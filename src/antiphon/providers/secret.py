"""Headers that a provider is sent, such as its key: they survive logs and traces unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

HIDDEN = "***"
HEADERS_MAX = 32
VALUE_CHARACTERS_MAX = 4096
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
VALUE = re.compile(r"[\x20-\x7e\t]*")
# What belongs to the connection and to the protocol, which would break if somebody else set it.
RESERVED = re.compile(
    r"accept|accept-encoding|connection|content-length|content-type|host|last-event-id|mcp-.*|transfer-encoding"
    r"|upgrade",
    re.IGNORECASE,
)


class SecretHeaders:
    """Header values by name; only `reveal()` gives the values back, every way to print them shows `***`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    @property
    def names(self) -> tuple[str, ...]:
        """The names, which are no secret."""
        return tuple(self._values)

    def reveal(self) -> dict[str, str]:
        """The headers themselves; call it only where they are sent or kept."""
        return dict(self._values)

    def broken(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each header that cannot be sent, with its place. Never its value."""
        if len(self._values) > HEADERS_MAX:
            yield ("headers",), f"expected at most {HEADERS_MAX}"
        for name, value in self._values.items():
            if not NAME.fullmatch(name):
                yield ("headers", name), "is not the name of a header"
            elif RESERVED.fullmatch(name):
                yield ("headers", name), "is set by the gateway itself"
            elif len(value) > VALUE_CHARACTERS_MAX or not VALUE.fullmatch(value) or value != value.strip():
                yield ("headers", name), f"expected at most {VALUE_CHARACTERS_MAX} visible ASCII characters"

    def __repr__(self) -> str:
        return f"SecretHeaders({', '.join(f'{name}={HIDDEN}' for name in self._values)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretHeaders) and other._values == self._values

    def __hash__(self) -> int:
        return hash((SecretHeaders, tuple(sorted(self._values.items()))))

    def __reduce__(self) -> tuple[type[SecretHeaders], tuple[dict[str, str]]]:
        raise TypeError("secret headers cannot be pickled")
