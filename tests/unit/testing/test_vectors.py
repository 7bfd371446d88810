"""Tests of the vectors that the fault engine gives."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from antiphon.testing.plan import Refusal
from antiphon.testing.vectors import DIMENSIONS, embeddings, expected_vector


def test_a_text_has_its_vector() -> None:
    """The same each time, of length 1, another one for another text or for token ids."""
    vector = expected_vector("fox")
    assert vector == expected_vector("fox")
    assert len(vector) == DIMENSIONS
    assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-6)
    assert len({tuple(expected_vector(each)) for each in ("fox", "foxes", [1, 2], [12])}) == 4


def test_numbers_and_base64_agree() -> None:
    """Both are exactly the 32-bit floats that tests expect."""
    numbers = embeddings({"input": ["fox", "den"]})["data"]
    texts = embeddings({"input": ["fox", "den"], "encoding_format": "base64"})["data"]
    assert [each["embedding"] for each in numbers] == [expected_vector("fox"), expected_vector("den")]
    decoded = [struct.unpack(f"<{DIMENSIONS}f", base64.b64decode(each["embedding"])) for each in texts]
    assert [list(each) for each in decoded] == [each["embedding"] for each in numbers]


@pytest.mark.parametrize(("given", "count", "tokens"), [("foxes", 1, 2), ([1, 2, 3], 1, 3), ([[1], [2, 3]], 2, 3)])
def test_all_forms_of_input(given: object, count: int, tokens: int) -> None:
    """A text, token ids, several of either; each token is counted."""
    answer = embeddings({"input": given})
    assert (len(answer["data"]), answer["usage"]["prompt_tokens"]) == (count, tokens)


@pytest.mark.parametrize("given", [None, "", [], [""], 5])
def test_what_is_no_input_is_refused(given: object) -> None:
    """Empty texts too, as engines do."""
    with pytest.raises(Refusal):
        embeddings({"input": given})
