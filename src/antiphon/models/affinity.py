"""What engines are likely to have in their caches of a request's prompt, by how it begins and by its session. Pure."""

from __future__ import annotations

from antiphon.models.ask import Ask
from antiphon.models.fingerprint import HELD_TOKENS
from antiphon.models.prefix_index import PrefixIndex

PAIRS_MAX = 200_000  # of a beginning and an engine: some 40 MB
SESSIONS_MAX = 20_000


class Affinity:
    """Remembers where prompts went. Bounded: what was not used for long is forgotten."""

    def __init__(self, *, pairs_max: int = PAIRS_MAX, sessions_max: int = SESSIONS_MAX) -> None:
        self._index = PrefixIndex(pairs_max)
        self._sessions_max = sessions_max
        self._sessions: dict[str, tuple[str, int]] = {}  # where each was last, and how long its prompt was

    def __len__(self) -> int:
        return len(self._index) + len(self._sessions)

    def cached(self, ask: Ask) -> dict[str, int]:
        """How many of the prompt's tokens each engine has likely read before; those that have none are left out."""
        found = {name: HELD_TOKENS[length] for name, length in self._index.find(ask.prefix).items()}
        last = None if ask.session is None else self._sessions.get(ask.session)
        if last is not None:
            name, tokens = last
            if not ask.prefix:  # too short for a fingerprint: the session alone says that it goes on
                found[name] = tokens
            else:
                found.setdefault(name, 0)  # worth a look, among thousands
        return found

    def placed(self, ask: Ask, engine: str) -> None:
        """The prompt goes there."""
        if ask.prefix:
            self._index.add(ask.prefix, engine)
        if ask.session is not None:
            self._sessions.pop(ask.session, None)
            self._sessions[ask.session] = (engine, ask.prompt_tokens)
            if len(self._sessions) > self._sessions_max:
                del self._sessions[next(iter(self._sessions))]

    def told(self, engine: str, prefixes: tuple[int, ...]) -> None:
        """A node says itself what it has."""
        self._index.add(prefixes, engine)
