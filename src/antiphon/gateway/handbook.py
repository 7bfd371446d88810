"""The documentation as the package brings it along, for language models and whoever has no browser."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER = "handbook"  # a copy of docs/ in what is installed, a link to it in a checkout
SUFFIX = ".md"
INDEX = "index.md"
LINK = re.compile(r"\]\(([\w./-]+\.md)(?:#[\w-]*)?\)")
INSIDE = re.compile(r"\]\((?!\.\.|https:)")
ROW = re.compile(r"^- \[.+?\]\((?!\.\.)")


class Handbook:
    """All pages, read when somebody asks for the first time."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder or files("antiphon").joinpath(FOLDER)
        self._pages: dict[str, str] = {}

    async def pages(self) -> dict[str, str]:
        """The text of each page by its path below `docs`, in the order in which the first page names them."""
        if not self._pages:
            self._pages = await asyncio.to_thread(lambda: ordered(dict(_read(self._folder))))
        return self._pages


def ordered(pages: dict[str, str]) -> dict[str, str]:
    """The first page, those that it names, then all others by their names."""
    named = (INDEX, *LINK.findall(pages.get(INDEX, "")), *sorted(pages))
    return {name: pages[name] for name in dict.fromkeys(named) if name in pages}


def contents(index: str, prefix: str) -> str:
    """The chapters of the first page with its rows, the links of which begin with a prefix."""
    kept = [line for line in index.splitlines() if line.startswith("## ") or ROW.match(line)]
    return INSIDE.sub(f"]({prefix}", "\n".join(_spaced(kept)).lstrip()) + "\n"


def _spaced(lines: list[str]) -> list[str]:
    return [f"\n{line}\n" if line.startswith("#") else line for line in lines]


def _read(folder: Traversable, above: str = "") -> list[tuple[str, str]]:
    """The pages of a folder and of those in it; none where there is no folder."""
    if not folder.is_dir():
        return []
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            found.append((above + entry.name, entry.read_text(encoding="utf-8")))
    return found
