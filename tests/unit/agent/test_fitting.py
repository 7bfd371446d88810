"""Which models fit."""

from __future__ import annotations

import pytest

from antiphon.agent.fitting import RESERVE_BYTES, Wanted, fit_fault, needed_bytes
from antiphon.errors import ConfigError
from antiphon.modelfiles.gguf import Metadata

MODEL = Metadata(architecture="llama", context_length=2048, cache_bytes_per_token=1000)


def test_memory_is_weights_and_the_context_of_all_requests() -> None:
    """As the engine is started: four requests at once, each with a context of its own."""
    base = 10_000 + RESERVE_BYTES
    assert needed_bytes(Wanted("m", 10_000, MODEL)) == base + 4 * 2048 * 1000
    assert needed_bytes(Wanted("m", 10_000, MODEL, context_length=100, parallel=2)) == base + 200_000
    assert needed_bytes(Wanted("m", 10_000, Metadata(architecture="x"))) == base


def test_what_embeds_has_one_context() -> None:
    """Texts are read one at a time."""
    assert needed_bytes(Wanted("m", 0, MODEL, embeddings=True)) == RESERVE_BYTES + 2048 * 1000


def test_what_does_not_fit_is_told() -> None:
    """With what it takes, what there is, and what to do."""
    wanted = Wanted("m", 1024**3, MODEL)
    needed = needed_bytes(wanted)
    assert fit_fault(wanted, needed) is None
    assert fit_fault(wanted, None) is None
    fault = fit_fault(wanted, needed - 1)
    assert fault is not None
    assert "m takes about 1.2 GiB here, and 1.2 GiB are free" in fault
    assert "--context-length" in fault


def test_a_context_that_a_model_has_not() -> None:
    """It is refused as when the model is started."""
    with pytest.raises(ConfigError, match="2048"):
        needed_bytes(Wanted("m", 1, MODEL, context_length=4096))
