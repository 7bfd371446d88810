"""The grammar of an answer that follows a thought, for engines that bind every token from the first. Pure."""

from __future__ import annotations

from antiphon.structured import charsets
from antiphon.structured.gbnf import char_class, literal
from antiphon.structured.gbnf_reader import renamed

SPACE = r"[\x09\x0A\x0D\x20]{0,8}"  # what templates and models put around a thought


def after_thought(grammar: str, *, opening: str, closing: str, opened: bool) -> str:
    """The GBNF of any text up to its first `closing` mark, then a text of `grammar`.

    `opened`: the prompt ends with the opening mark. If it does not, the thought begins with the mark, or there is none.
    `grammar` is GBNF as our compiler writes it, a rule a line.
    """
    name = "thought"
    while f"{name}-" in grammar:
        name += "-of"
    answer, root = f"{name}-answer", f"{name}-root"
    begun = f"{name}-0"
    lines = [f"root ::= {begun}" if opened else f"root ::= {SPACE} {literal(opening).text} {begun} | {answer}"]
    lines += [f"{name}-{read} ::= {_state(name, closing, read, answer)}" for read in range(len(closing))]
    lines.append(f"{answer} ::= {SPACE} {root}")
    for line in grammar.splitlines():
        rule, _, body = line.partition(" ::= ")
        lines.append(f"{root if rule == 'root' else rule} ::= {renamed(body, {'root': root})}")
    return "\n".join(lines) + "\n"


def _state(name: str, closing: str, read: int, answer: str) -> str:
    """What may follow when the last `read` characters are the beginning of the closing mark."""
    alternatives = []
    for char in sorted(set(closing)):
        reached = _overlap(closing, closing[:read] + char)
        following = answer if reached == len(closing) else f"{name}-{reached}"
        alternatives.append(f"{literal(char).text} {following}")
    others = charsets.subtract(charsets.EVERYTHING, charsets.of(closing))
    alternatives.append(f"{char_class(others).text} {name}-0")
    return " | ".join(alternatives)


def _overlap(mark: str, text: str) -> int:
    """How much of the mark `text` ends with."""
    return next(size for size in range(len(mark), -1, -1) if text.endswith(mark[:size]))
