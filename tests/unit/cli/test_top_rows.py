"""What `antiphon top` shows."""

from __future__ import annotations

from antiphon.cli.sight import Change, Sight, samples
from antiphon.cli.top_rows import lines, top

ONE = 'gen_ai_operation_name="chat",gen_ai_request_model="m",gen_ai_provider_name="antiphon"'
NOW = f"""\
antiphon_requests_in_flight 3
antiphon_event_loop_lag_seconds 0.004
antiphon_memory_used_ratio 0.41
antiphon_charged_micro_usdc_total{{ledger="USDC"}} 2000
antiphon_charged_micro_usdc_total{{ledger="DEV"}} 9000
antiphon_failures_total{{model="m",code="engine_failed"}} 2
gen_ai_server_request_duration_seconds_count{{{ONE}}} 8
gen_ai_server_time_to_first_token_seconds_bucket{{{ONE},le="0.5"}} 8
gen_ai_server_time_to_first_token_seconds_bucket{{{ONE},le="+Inf"}} 8
gen_ai_client_token_usage_sum{{{ONE},gen_ai_token_type="output"}} 400
gen_ai_client_token_usage_sum{{{ONE},gen_ai_token_type="input"}} 9000
"""
HEALTH = {"status": "ok", "models": [{"id": "m", "nodes": 2}, {"id": "idle", "nodes": 0}]}
NODE = {
    "name": "attic\x1b[31m", "state": "active", "presence": "serving", "running": 2, "slots": 4, "queued": 1,
    "decode_speed": 52.4, "models": [{"name": "m"}],
}  # fmt: skip
CHANGE = Change(Sight(0.0, {}, HEALTH), Sight(4.0, samples(NOW), HEALTH, (NODE, {**NODE, "state": "drained"})))


def test_values() -> None:
    """Rates by the second, times in seconds, play money left out."""
    shown = top(CHANGE)
    assert (shown.status, shown.in_flight, shown.waiting, shown.memory_share) == ("ok", 3, 0, 0.41)
    assert shown.charged_usdc_per_h == 1.8
    model, idle = shown.models
    assert (model.answers_per_s, model.failures_per_s, model.tokens_per_s) == (2.0, 0.5, 100.0)
    assert (model.first_token_s, model.later_token_s) == (0.25, None)
    assert (idle.model, idle.answers_per_s, idle.first_token_s) == ("idle", 0.0, None)


def test_lines() -> None:
    """One a model, one a node; no line moves the cursor."""
    told = list(lines(top(CHANGE), "http://gw", "12:00"))
    assert told[0] == "antiphon top   http://gw   ok   12:00"
    assert "in flight 3   waiting 0   loop lag 4 ms   memory 41%" in told[1]
    assert told[4].split() == ["m", "2", "2.0", "0.5", "100", "250", "ms", "475", "ms", "-"]
    assert told[8].split() == ["attic?[31m", "serving", "2/4", "1", "52", "m"]
    assert "drained" in told[9]
    assert "\x1b" not in "".join(told)


def test_nodes_are_left_out_where_there_are_none() -> None:
    """Or where the key may not see them."""
    alone = Change(CHANGE.before, Sight(4.0, {}, HEALTH))
    assert not any("PRESENCE" in line for line in lines(top(alone), "", ""))
