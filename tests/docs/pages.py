"""The pages as tests read them: their text, their blocks of code, their links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "src" / "antiphon"
DOCS = REPOSITORY / "docs"
ROOT_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
FENCE = re.compile(r"^```(\w*)$")
COMMENT = re.compile(r"^<!-- (?P<word>not run|output)(?:: (?P<reason>.+))? -->$")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A block of code. `word` is what the comment above it says to the tests: "", "not run" or "output"."""

    page: Path
    line: int
    language: str
    text: str
    word: str
    reason: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


def pages() -> list[Path]:
    """Every page that people read, but for what other tests write."""
    found = [REPOSITORY / name for name in ROOT_PAGES]
    return [*found, *sorted(DOCS.rglob("*.md")), *sorted((REPOSITORY / "examples").rglob("*.md"))]


def read(page: Path) -> str:
    """The page's text."""
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    kept: list[str] = []
    inside = False
    for line in read(page).splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def inline_code(page: Path) -> list[str]:
    """What stands between single backticks."""
    return INLINE.findall(prose(page))


def blocks(page: Path) -> list[Block]:
    """The page's blocks of code, in order."""
    found: list[Block] = []
    begun: int | None = None
    language, above = "", ""
    lines = read(page).splitlines()
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if begun is None and fence:
            begun, language = number, fence[1]
            above = lines[number - 2] if number > 1 else ""
        elif begun is not None and line == "```":
            said = COMMENT.match(above)
            word, reason = (said["word"], said["reason"] or "") if said else ("", "")
            found.append(Block(page, begun, language, "\n".join(lines[begun : number - 1]), word, reason))
            begun = None
    return found


def all_blocks() -> list[Block]:
    """The blocks of all pages."""
    return [block for page in pages() for block in blocks(page)]


def table_rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table whose head begins with `heading`, without its head."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))])
    return rows
