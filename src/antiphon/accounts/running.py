"""Requests under way by stored key, so that those of a revoked key are broken off."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.errors import Unauthenticated
from antiphon.http.exchange import Exchange


class Running:
    """Knows which requests a key has under way."""

    def __init__(self) -> None:
        self._by_key: dict[str, set[Exchange]] = {}

    def begin(self, key_id: str, exchange: Exchange) -> None:
        """A request begins."""
        self._by_key.setdefault(key_id, set()).add(exchange)

    def end(self, key_id: str, exchange: Exchange) -> None:
        """A request that began ends."""
        under_way = self._by_key[key_id]
        under_way.discard(exchange)
        if not under_way:
            del self._by_key[key_id]

    def break_off(self, key_ids: Iterable[str]) -> None:
        """End the requests of these keys, whose answers end with a refusal."""
        for key_id in key_ids:
            for exchange in self._by_key.get(key_id, ()):
                exchange.end(Unauthenticated("The API key is not valid."))
