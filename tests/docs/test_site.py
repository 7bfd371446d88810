"""The site is built without a broken link, and a browser that shows it asks nobody else for anything."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from tests.console.conftest import NAMES

from .pages import DOCS, REPOSITORY, read

SCRIPT = REPOSITORY / "scripts" / "site.py"
LOOKED_AT = ("index.html", "docs/index.html", "docs/quickstart.html", "docs/reference/commands.html")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("site_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with every link checked."""
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run([sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "site"


@pytest.fixture
def address(built: Path) -> Iterator[str]:
    """Where it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_every_page_is_in_the_site(built: Path) -> None:
    """At the place where its links expect it."""
    for page in DOCS.rglob("*.md"):
        assert (built / page.relative_to(REPOSITORY)).with_suffix(".html").is_file() or page.name == "README.md", page


@pytest.mark.slow
async def test_a_browser_asks_nobody_else(address: str) -> None:
    """Pages, pictures, scripts and the search come from the site itself."""
    from playwright.async_api import async_playwright

    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path is not None, "chromium is not there; `make console` installs it"
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for path in LOOKED_AT:
            await page.goto(address + path, wait_until="networkidle")
        await browser.close()
    assert len(asked) > len(LOOKED_AT)
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []


def test_what_comes_from_elsewhere_is_found(tmp_path: Path) -> None:
    """Scripts, style sheets and pictures; a link that people click is none."""
    planted = '<a href="https://a.example">x</a><script src="https://b.example/x.js"></script><img src="//c.example/y">'
    (tmp_path / "page.html").write_text(planted, encoding="utf-8")
    (tmp_path / "style.css").write_text("a{background:url(https://d.example/z)}", encoding="utf-8")
    found = " ".join(script().foreign(tmp_path))
    assert [host for host in "abcd" if f"{host}.example" in found] == ["b", "c", "d"]


def test_the_navigation_has_the_chapters_of_the_first_page() -> None:
    """With all pages that it names."""
    made = script().navigation(read(DOCS / "index.md"))
    assert '"You own a machine" = [{ "Your machine as a node" = "docs/your-machine.md" }' in made
    assert '"docs/reference/errors.md"' in made
