"""The pages that the package brings along."""

from __future__ import annotations

from pathlib import Path

from antiphon.gateway.handbook import Handbook, contents, ordered

INDEX = """\
# Documentation

## Begin

- [Quickstart](quickstart.md): a first answer, then [errors](reference/errors.md)
- [Changes](../CHANGELOG.md)
- not a page
"""


async def test_pages_come_in_the_order_of_the_first_one(tmp_path: Path) -> None:
    """By their paths, whatever else lies beside them."""
    (tmp_path / "reference").mkdir()
    for name, text in {"a.md": "A", "index.md": INDEX, "quickstart.md": "Q", "reference/errors.md": "E"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "drawing.svg").write_text("<svg/>", encoding="utf-8")
    pages = await Handbook(tmp_path).pages()
    assert list(pages) == ["index.md", "quickstart.md", "reference/errors.md", "a.md"]
    assert pages["quickstart.md"] == "Q"


async def test_a_package_without_pages_has_none(tmp_path: Path) -> None:
    """What has been installed from sources without `docs` answers all the same."""
    assert await Handbook(tmp_path / "nowhere").pages() == {}


async def test_the_package_has_all_pages() -> None:
    """Those of `docs`, no more and no fewer."""
    docs = Path(__file__).parents[3] / "docs"
    assert set(await Handbook().pages()) == {str(page.relative_to(docs)) for page in docs.rglob("*.md")}


def test_contents_are_the_rows_that_lead_to_pages() -> None:
    """With their chapters, and addresses where the gateway has them."""
    made = contents(INDEX, "/docs/")
    assert "## Begin" in made
    assert "- [Quickstart](/docs/quickstart.md): a first answer, then [errors](/docs/reference/errors.md)" in made
    assert "CHANGELOG" not in made
    assert "not a page" not in made


def test_pages_without_a_first_one_are_sorted() -> None:
    """By their names."""
    assert list(ordered({"b.md": "", "a.md": ""})) == ["a.md", "b.md"]
