"""GBNF as it is read: every spelling that our compiler writes, and what people write besides."""

from __future__ import annotations

import pytest

from antiphon.structured.gbnf_reader import Chars, Group, Literal, Repeat, Rules, references, renamed, sequence_text


def body_text(body: str) -> str:
    """A rule's body, read and written again."""
    return " | ".join(map(sequence_text, Rules(f"root ::= {body}\n").bodies("root")))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('"a" | "b"', '"a" | "b"'),
        ('"a" ("b" "c")', '"a" "b" "c"'),
        ('("a" | "b")* [0-9]+', '("a" | "b")* [0-9]+'),
        ('("a" "b")? x{3} y{2,} z{0,7}', '("a" "b")? x{3} y{2,} z{0,7}'),
        ('("a"*){2,3}', '("a"*){2,3}'),
        ('""', '""'),
        ('"" | "x"', '"" | "x"'),
        ('""* "x"{0} "y"{1,1}', '"y"'),
        ('"\\"\\\\\\n\\r\\t"', '"\\"\\\\\\n\\r\\t"'),
        ('"\\x41\\u00e9\\U0001F600"', '"Aé😀"'),
        ('("a" |\n  "b"  # why\n) "#" # more', '("a" | "b") "#"'),
        ('((("a")))', '"a"'),
        ('("a" | "a")', '"a"'),
    ],
)
def test_a_body_means_the_same_when_it_is_written_again(body: str, text: str) -> None:
    """Comments, needless brackets and repeats of nothing are gone, escapes are spelled in one way."""
    assert body_text(body) == text


@pytest.mark.parametrize(
    ("body", "yes", "no"),
    [
        ("[a-c]", "abc", "d`-"),
        ("[^a-c]", "d`é", "abc"),
        ("[a\\x2D\\x5D-]", "a-]", "b\\"),
        ("[\\n\\t\\\\\\]]", "\n\t\\]", "nt"),
        ("[\\u00E0-\\u00FF\\U0001F600-\\U0001F60F]", "éà😀", "a😐"),
        ("[x-]", "x-", "y"),
        ("[^]", "x", ""),
    ],
)
def test_classes(body: str, yes: str, no: str) -> None:
    """Ranges, escapes and negation hold what they say."""
    ((chars,),) = Rules(f"root ::= {body}").bodies("root")
    assert isinstance(chars, Chars)
    assert all(any(low <= ord(char) <= high for low, high in chars.spans) for char in yes)
    assert not any(low <= ord(char) <= high for low, high in chars.spans for char in no)


def test_equal_nodes_are_one() -> None:
    """Stacks compare nodes by identity."""
    rules = Rules('root ::= ("a" | [b]) ("a" | [b]) "cd"{2,3} "cd"{2,3} name name')
    (body,) = rules.bodies("root")
    assert body[0] is body[1]
    assert body[2] is body[3]
    assert body[4] is body[5]
    assert isinstance(body[0], Group)
    assert isinstance(body[2], Repeat)
    assert isinstance(body[2].inner, Literal)


def test_rules_stand_anywhere() -> None:
    """Rules are found behind comments and over several lines; a literal that looks like one is none."""
    rules = Rules('# first ::= x\nroot ::= a-1 |\n  "b ::= c"\n\n  a-1 ::= "x" # b ::= no\n')
    assert "root" in rules
    assert "a-1" in rules
    assert "first" not in rules
    assert "b" not in rules
    assert list(references(rules.text("root"))) == ["a-1"]
    assert list(references(rules.text("a-1"))) == []


def test_references_get_other_names() -> None:
    """Only references do: not literals, classes or comments."""
    text = '"root" root [root] (root root-1)* # root'
    assert renamed(text, {"root": "old"}) == '"root" old [root] (old root-1)* # root'


@pytest.mark.parametrize(
    "body", ["(", ")", "*", '"a" | *', '"a', "[a", ".", '"\\q"', '"a"**', "a ::= b", "a = b", "(*)"]
)
def test_what_is_no_gbnf(body: str) -> None:
    """It is an error, never another grammar."""
    with pytest.raises(ValueError, match="."):
        Rules(f"root ::= {body}").bodies("root")


def test_a_rule_that_is_missing() -> None:
    """It is named."""
    with pytest.raises(ValueError, match="no rule 'x'"):
        Rules("root ::= x").text("x")
