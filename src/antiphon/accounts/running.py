"""Requests under way by stored keys, so that those of a revoked key are broken off."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.errors import Unauthenticated
from antiphon.http.exchange import Exchange


class Running:
    """Knows which requests are under way: each costs little, and a revocation looks through them."""

    def __init__(self) -> None:
        self._exchanges: set[Exchange] = set()
        self.begin = self._exchanges.add  # a request whose key the database holds
        self.end = self._exchanges.discard

    def break_off(self, key_ids: Iterable[str]) -> None:
        """End the requests of these keys, whose answers end with a refusal."""
        revoked = frozenset(key_ids)
        for exchange in tuple(self._exchanges):
            if exchange.key is not None and exchange.key.id in revoked:
                exchange.end(Unauthenticated("The API key is not valid."))
