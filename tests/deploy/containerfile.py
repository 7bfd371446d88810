"""A Containerfile as steps that can be followed without a container engine. Reads what ours uses, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@dataclass
class Stage:
    """What one `FROM` begins: variables, and the instructions that do something, in order."""

    base: str
    variables: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str]] = field(default_factory=list)

    def command(self, instruction: str) -> list[str]:
        """The words of the last instruction of that name, which are written as a list."""
        texts = [text for name, text in self.steps if name == instruction]
        words: list[str] = json.loads(texts[-1][texts[-1].index("[") :])
        return words

    def texts(self, instruction: str) -> list[str]:
        """What stands behind each instruction of that name."""
        return [text for name, text in self.steps if name == instruction]


def stages(path: Path, arguments: dict[str, str]) -> list[Stage]:
    """The stages of a Containerfile, built with these arguments; a line of another form is an error."""
    found: list[Stage] = []
    given: dict[str, str] = {}
    for instruction, text in _lines(path):
        known = found[-1].variables if found else given
        if instruction == "FROM":
            found.append(Stage(expanded(text, given)))
        elif instruction == "ARG":
            name, _, default = text.partition("=")
            known[name] = arguments.get(name, default)
        elif instruction == "ENV":
            name, _, value = text.partition("=")
            known[name] = expanded(value, known)
        else:
            found[-1].steps.append((instruction, text if instruction == "RUN" else expanded(text, known)))
    return found


def expanded(text: str, variables: dict[str, str]) -> str:
    """The text with its variables put in."""
    return VARIABLE.sub(lambda found: variables[found[1] or found[2]], text)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            instruction, _, text = line.partition(" ")
            assert instruction.isupper(), line
            yield instruction, text.strip()
