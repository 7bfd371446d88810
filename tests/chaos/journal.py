"""What scripted nodes say that they were asked: how many answers really wandered from one node to another."""

from __future__ import annotations


class Journal:
    """Give its `note` to each node, and it counts.

    `continued`: gone on with from what was there; `replayed`: begun anew after a token was out; `retried`: begun anew
    before one was.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.continued = 0
        self.replayed = 0
        self.retried = 0
        self._asked: set[str] = set()
        self._spoken: set[str] = set()

    @property
    def wandered(self) -> int:
        """Answers that another node went on with after a token was out, in one way or the other."""
        return self.continued + self.replayed

    def note(self, line: str) -> None:
        """Take a line of a node."""
        word, answer, *given = line.split()
        if word == "first":
            self._spoken.add(answer)
            return
        self.begun += 1
        if int(given[0]):
            self.continued += 1
        elif answer in self._spoken:
            self.replayed += 1
        elif answer in self._asked:
            self.retried += 1
        self._asked.add(answer)
