"""What a gateway has had trouble with, in words."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import get_args

import pytest

from antiphon.cli.client import Client, Reply
from antiphon.cli.endpoint import Endpoint
from antiphon.cli.trouble_checks import NODE_WORDS, PAYMENT_WORDS, SHOWN_MAX, troubles
from antiphon.errors import AntiphonError, Unavailable
from antiphon.models.overview import NodeState
from antiphon.observe.metrics import Metrics
from antiphon.topup.model import PAYERS_FAULTS, TOO_POOR, WRONG_SIGNATURE


class Told(Client):
    """A gateway that answers with what it is given: the states of a model's nodes, its metrics."""

    def __init__(self, nodes: list[dict[str, str]] | None = None, metrics: Metrics | None = None) -> None:
        super().__init__(Endpoint("http://127.0.0.1:1", None))
        self._nodes = nodes
        self._metrics = metrics

    def get(self, path: str, *, root: bool = False) -> Reply:
        """One of the two."""
        if root:
            if self._metrics is None:
                return Reply(HTTPStatus.FORBIDDEN, {}, b"{}")
            return Reply(HTTPStatus.OK, {}, self._metrics.text())
        if path == "/models":
            return Reply(HTTPStatus.OK, {}, json.dumps({"data": [{"id": "org/m"}, {"id": "gone"}]}).encode())
        if path != "/models/org%2Fm":
            raise Unavailable
        shown = {} if self._nodes is None else {"node_states": self._nodes}
        return Reply(HTTPStatus.OK, {}, json.dumps({"id": "org/m", **shown}).encode())


@pytest.mark.parametrize("state", list(NODE_WORDS))
def test_a_node_that_gets_no_requests_is_told_in_words(state: str) -> None:
    """With the model that it does not serve, and what to do."""
    told = Told([{"name": "attic", "state": state}, {"name": "cellar", "state": "warm"}], Metrics())
    (finding,) = troubles(told)
    assert (finding.check, finding.status) == ("node attic", "warn")
    assert finding.found == f"{NODE_WORDS[state][0]} (of the model org/m)"
    assert finding.advice == NODE_WORDS[state][1]


def test_nodes_that_get_requests_are_well() -> None:
    """One that is full, or has its model to load first, is no trouble."""
    states = [{"name": name, "state": name} for name in ("warm", "cold", "full")]
    assert [finding.status for finding in troubles(Told(states, Metrics()))] == ["ok"]


def test_only_the_first_of_many_are_told() -> None:
    """Each once, whatever it serves."""
    states = [{"name": f"node-{number}", "state": "ejected"} for number in range(SHOWN_MAX + 2)]
    assert len(list(troubles(Told(states * 2, Metrics())))) == SHOWN_MAX


def test_refused_payments_are_told_by_their_reasons() -> None:
    """The most frequent one first; one that nobody knows leads to the page."""
    metrics = Metrics()
    for reason in (TOO_POOR, WRONG_SIGNATURE, WRONG_SIGNATURE, "new_reason"):
        metrics.payment_refused(reason)
    findings = list(troubles(Told(None, metrics)))
    assert [finding.check for finding in findings] == ["payments"] * 3
    assert findings[0].found.startswith(f"2 refused since the gateway's start, as `{WRONG_SIGNATURE}`: its signature")
    assert any("docs/topup.md says what is checked" in finding.found for finding in findings)


def test_requests_that_nobody_could_pay_for_are_told() -> None:
    """With how to find out what is there."""
    metrics = Metrics()
    metrics.refused()
    (finding,) = troubles(Told(None, metrics))
    assert (finding.check, finding.status) == ("credit", "warn")
    assert finding.found.startswith("1 requests answered 402")


def test_what_the_key_may_not_see_is_left_out() -> None:
    """Nothing is wrong because of that."""
    assert list(troubles(Told(None, None))) == []


def test_what_fails_on_the_way_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks before it have said that the gateway does not answer."""

    def fails(*_: object, **__: object) -> Reply:
        raise AntiphonError("It is gone.")

    told = Told([], Metrics())
    monkeypatch.setattr(told, "get", fails)
    assert list(troubles(told)) == []


def test_each_fault_of_a_payer_has_its_words() -> None:
    """But for those that only unusual wallets make."""
    rare = {
        "invalid_exact_evm_payload_authorization_value",
        "invalid_exact_evm_payload_undeployed_smart_wallet",
        "eip6492_factory_not_allowed",
    }
    assert PAYERS_FAULTS - rare <= set(PAYMENT_WORDS)


def test_states_are_those_that_models_are_shown_with() -> None:
    """Each has its words, or needs none."""
    assert set(get_args(NodeState)) - {"warm", "cold", "full"} == set(NODE_WORDS)
