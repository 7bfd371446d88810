"""Tables of the pages say what the code says: nothing is missing, nothing is left over."""

from __future__ import annotations

import ast
import inspect

from antiphon.completions.dialects.canonical import ChatBody
from antiphon.completions.dialects.canonical_embeddings import EmbeddingsBody
from antiphon.completions.dialects.canonical_text import TextBody
from antiphon.engines.kinds import KINDS, EngineKind
from antiphon.structured import formats

from .pages import DOCS, SOURCES, read, table_rows

NONE = "–"
REFERENCE = DOCS / "reference"
PREFILLS = {"implicit": "continued by itself", "flags": "continued with two flags", "turn": "a plain turn"}
LOG_CALLS = {"info", "warning", "error", "exception"}


def test_request_fields() -> None:
    """Each field of a request has its row, in any order."""
    rows = table_rows(read(REFERENCE / "chat-completions.md"), "field")
    assert sorted(row[0].strip("`") for row in rows) == sorted(ChatBody.__struct_fields__)


def test_fields_of_texts_and_vectors() -> None:
    """So do the pages of text completions and of embeddings."""
    for page, body in (("text-completions.md", TextBody), ("embeddings.md", EmbeddingsBody)):
        rows = table_rows(read(REFERENCE / page), "field")
        assert sorted(row[0].strip("`") for row in rows) == sorted(body.__struct_fields__), page


def test_log_messages() -> None:
    """Each message that the gateway logs has its row."""
    logged = {
        node.args[0].value
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOG_CALLS
        and ast.unparse(node.func.value) in {"self._log", "log"}
        and isinstance(node.args[0], ast.Constant)
    }
    rows = {row[0].strip("`") for row in table_rows(read(DOCS / "operating.md"), "message")}
    assert rows == logged | {"request"}


def test_engine_kinds() -> None:
    """The table of kinds is the one in the code."""
    rows = table_rows(read(DOCS / "use-your-engines.md"), "kind")
    assert rows == [kind_row(kind) for kind in KINDS.values()]


def kind_row(kind: EngineKind) -> list[str]:
    """A kind as its row shows it."""
    return [
        f"`{kind.name}`",
        NONE if kind.top_k_off is None else str(kind.top_k_off),
        "yes" if kind.min_p else NONE,
        f"`{kind.repetition_field}`" if kind.repetition_field else NONE,
        f"`{kind.grammar_field}`" if kind.grammar_field else NONE,
        PREFILLS[kind.prefill],
        "yes" if kind.count_tokens else NONE,
    ]


def test_engine_kind_fields() -> None:
    """Each field that a kind may declare is explained."""
    rows = table_rows(read(DOCS / "adding-an-engine.md"), "field")
    assert sorted(row[0].strip("`") for row in rows) == sorted(EngineKind.__struct_fields__)


def test_formats() -> None:
    """Each string format that is enforced is listed, and no other."""
    known = {
        key.value
        for node in ast.walk(ast.parse(inspect.getsource(formats.pattern_of)))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    text = read(DOCS / "structured-output.md").partition("`format` of these names:")[2].partition(".")[0]
    listed = {name.strip("` \n") for name in text.split(",")}
    assert listed == known - {"base64"}  # which is a content encoding
    assert all(formats.pattern_of(name) for name in listed)
