"""What placement has come to, as Prometheus reads it."""

from __future__ import annotations

from antiphon.models.outcomes import Tally
from antiphon.observe.metrics import Metrics
from tests.unit.observe.test_metrics import total, values


def test_the_tally_is_shown() -> None:
    """As it stands when it is asked for."""
    metrics, tally = Metrics(), Tally()
    metrics.watch_placement(tally)
    tally.ejections["slow"] += 2
    tally.cached_tokens, tally.missed_s = 700, 1.5
    assert values(metrics, "antiphon_engine_ejections_total") == {("failed",): 0, ("silent",): 0, ("slow",): 2}
    assert total(metrics, "antiphon_prompt_tokens_cached_total") == 700
    assert total(metrics, "antiphon_first_token_missed_seconds_total") == 1.5
