"""The wheel and the archive of the source."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from antiphon import __version__

from .archives import Archives, builder, built, copied, extras, run, wheel_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEEDED = ("src/antiphon/__init__.py", "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "tests/conftest.py")


def digests(*files: Path) -> list[str]:
    """What tells files apart."""
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_the_same_source_makes_the_same_bytes(archives: Archives, tmp_path: Path) -> None:
    """At another time, in another folder, copied in another order with other rights; also without the other archive."""
    files = sorted(archives.tree.rglob("*"), reverse=True)
    tree = copied(archives.tree, [file for file in files if file.is_file()], tmp_path / "other", mask=0o077)
    again = built(tree, tmp_path / "archives")
    assert digests(*again.both) == digests(*archives.both)
    assert digests(wheel_of(tree, tmp_path / "alone")) == digests(archives.wheel)


def test_the_wheel_holds_the_package_and_nothing_else(archives: Archives) -> None:
    """Each tracked file below `src`, the pages of `docs` as its handbook, and what describes it."""
    with zipfile.ZipFile(archives.wheel) as wheel:
        names = set(wheel.namelist())
    described = {name for name in names if name.startswith(f"antiphon-{__version__}.dist-info/")}
    files = archives.files()
    package = {file.removeprefix("src/") for file in files if file.startswith("src/")}
    pages = {file.replace("docs/", "antiphon/handbook/", 1) for file in files if file.startswith("docs/")}
    assert names - described == package | {page for page in pages if page.endswith(".md")}
    assert f"antiphon-{__version__}.dist-info/licenses/LICENSE" in described
    assert "antiphon/py.typed" in names


def test_the_source_can_be_worked_on(archives: Archives) -> None:
    """Its archive has the tests, the pages and the recipes, and nothing that is not tracked."""
    with tarfile.open(archives.source) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert set(NEEDED) <= names
    assert names - archives.files() == {"PKG-INFO"}
    assert archives.files() - names == set()


def test_its_description_is_good(archives: Archives) -> None:
    """An index would show it; it names every extra, the version of the code, and the oldest Python."""
    run(builder("twine"), "check", "--strict", *archives.both)
    with zipfile.ZipFile(archives.wheel) as wheel:
        described = wheel.read(f"antiphon-{__version__}.dist-info/METADATA").decode("utf-8")
    assert set(re.findall(r"^Provides-Extra: (\S+)$", described, re.MULTILINE)) == extras() | {"dev"}
    assert f"\nVersion: {__version__}\n" in described
    assert "\nRequires-Python: >=3.11\n" in described
