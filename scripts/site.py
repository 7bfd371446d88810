"""Builds the documentation as a site in `build/site`, or in a folder that is named: `make site`.

Every link has to lead somewhere, and no page may load anything from another host: both are looked at, and the exit code
is 1 where they do not hold. The site works without a network and under any address.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
FOLDERS = ("docs", "examples", "tests/fixtures/dialects")
INDEX = "docs/index.md"
CHAPTER = re.compile(r"^## (.+)$")
ROW = re.compile(r"\[([^\]]+)\]\(([\w./-]+\.md)\)")
# What a browser fetches by itself, if it names another host. A link that people click is none of these.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video)[^>]*\ssrc=["']?(?:https?:)?//[^\s"'>]+"""
    r"""|<link[^>]*\srel=["']?(?:stylesheet|preload|preconnect|icon)["']?[^>]*\shref=["']?(?:https?:)?//[^\s"'>]+"""
    r"""|@import\s+["']?(?:url\()?["']?(?:https?:)?//[^\s"')]+|url\(["']?(?:https?:)?//[^\s"')]+"""
)
SETTINGS = """\
[project]
site_name = "Antiphon"
site_description = "A self-hosted gateway in front of models, engines and nodes"
docs_dir = "pages"
site_dir = "site"
use_directory_urls = false
nav = {nav}

[project.theme]
variant = "modern"
font = false
features = ["navigation.sections", "content.code.copy", "search.highlight"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "To dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "To light"
"""


def main(build: Path) -> int:
    """Lay the pages out as they link to each other, build, and look for what comes from elsewhere."""
    site = build / "site"
    shutil.rmtree(site, ignore_errors=True)
    laid_out(build / "pages")
    settings = build / "zensical.toml"
    chapters = navigation((REPOSITORY / INDEX).read_text(encoding="utf-8"))
    settings.write_text(SETTINGS.format(nav=chapters), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "-f", str(settings)]
    if subprocess.run(command, cwd=build, check=False).returncode:
        return 1
    found = list(foreign(site))
    for line in found:
        print(f"from another host: {line}", file=sys.stderr)
    print(f"{sum(1 for _ in site.rglob('*.html'))} pages in {site}")
    return int(bool(found))


def laid_out(folder: Path) -> None:
    """All that pages link to, in the same places relative to each other."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PAGES:
        shutil.copy2(REPOSITORY / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))


def navigation(index: str) -> str:
    """The chapters of the first page of the documentation, each with its pages, as a value in TOML."""
    chapters: dict[str, list[tuple[str, str]]] = {}
    for line in index.splitlines():
        heading = CHAPTER.match(line)
        if heading:
            chapters[heading[1]] = []
        elif line.startswith("- ") and chapters:
            rows = [(title, path) for title, path in ROW.findall(line) if not path.startswith("..")]
            chapters[list(chapters)[-1]] += rows
    parts = [_entry("Antiphon", json.dumps("README.md")), _entry("All pages", json.dumps(INDEX))]
    for title, rows in chapters.items():
        parts.append(_entry(title, f"[{', '.join(_entry(name, json.dumps(f'docs/{path}')) for name, path in rows)}]"))
    return f"[{', '.join(parts)}]"


def foreign(site: Path) -> Iterator[str]:
    """What pages and style sheets would have a browser load from other hosts."""
    for page in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        for match in LOADED.finditer(page.read_text(encoding="utf-8")):
            yield f"{page.relative_to(site)}: {match[0]}"


def _entry(title: str, value: str) -> str:
    return f"{{ {json.dumps(title)} = {value} }}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "build"))
