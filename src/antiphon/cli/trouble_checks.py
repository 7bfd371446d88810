"""What a gateway that runs has had trouble with since its start: nodes that fail, payments and requests it refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from antiphon.cli.client import Client
from antiphon.cli.findings import Finding, ok, warn
from antiphon.cli.sight import Labels, samples
from antiphon.errors import AntiphonError
from antiphon.topup import model as payments

MODELS_MAX = 20  # that are looked at one by one
SHOWN_MAX = 5  # of each kind of trouble

# The state of an engine that gets no requests: what that means, and what to do.
NODE_WORDS = {
    "ejected": (
        "is left alone: its latest answers failed, came too late or not at all",
        "It is tried again by itself, every 30 s at most. Its own log says why; `antiphon trace ID` shows one request.",
    ),
    "unavailable": (
        "cannot be asked: it is down, still loads, or the way to it is cut",
        "Does it run, and answer its health check? For a node: what does `antiphon node` print on its machine?",
    ),
    "distrusted": (
        "gets no requests: it failed checks",
        "`antiphon nodes evidence NAME` shows what was found; `antiphon nodes pardon NAME` lets it work again.",
    ),
    "saturated": (
        "takes no more for now, as it says itself",
        "It is asked again in a moment. Is it told to do less at once than its settings here say?",
    ),
}
# Why a payment was refused: what is wrong with it.
PAYMENT_WORDS = {
    payments.INVALID_SCHEME: "it is not of the scheme `exact`",
    payments.INVALID_NETWORK: "it is for another chain than `topup.network`",
    payments.INVALID_ASSET: "it is in another token than `topup.asset`",
    payments.WRONG_RECIPIENT: "it pays somebody else than `topup.pay_to`",
    payments.WRONG_VALUE: "its amount is not the one that was asked for",
    payments.WRONG_SIGNATURE: "its signature is not the payer's: was another chain, token name or version signed?",
    payments.TOO_LATE: "it is too late for it, or it stays good for more than a day: does the payer's clock agree?",
    payments.TOO_EARLY: "it is not good yet: does the payer's clock agree?",
    payments.TOO_POOR: "the payer's wallet holds less of the token",
    "insufficient_funds": "the payer's wallet holds less of the token",
    "payer_mismatch": "its payer is not the wallet of the account",
    "payment_dead": "it was never made, and its time is over: the payer may sign a new one",
}


def troubles(client: Client) -> Iterator[Finding]:
    """What is there to tell, by a gateway that answers; nothing where the key may not see it."""
    yield from _nodes(client, _models(client))
    try:
        scraped = client.get("/metrics", root=True)
        seen = samples(scraped.body.decode()) if scraped.status == HTTPStatus.OK else {}
    except (AntiphonError, ValueError):
        return
    yield from _payments(seen)
    yield from _credit(seen)


def _models(client: Client) -> list[str]:
    """The names of those that the key may use."""
    try:
        found = client.get("/models")
        return [str(model["id"]) for model in found.json()["data"]] if found.status == HTTPStatus.OK else []
    except (AntiphonError, KeyError, TypeError):
        return []


def _nodes(client: Client, models: list[str]) -> Iterator[Finding]:
    """The engines of these models that get no requests; said once, whatever they serve."""
    looked_at, told = 0, set[str]()
    for name in models[:MODELS_MAX]:
        for state in _states(client, name):
            looked_at += 1
            words = NODE_WORDS.get(str(state.get("state")))
            node = str(state.get("name"))
            if words is None or node in told or len(told) >= SHOWN_MAX:
                continue
            told.add(node)
            yield warn(f"node {node}", f"{words[0]} (of the model {name})", words[1])
    if looked_at and not told:
        yield ok("nodes and engines", "each gets requests")


def _states(client: Client, model: str) -> list[Mapping[str, Any]]:  # Any: JSON
    """How each engine of a model is; nothing for a key that is no administrator's."""
    try:
        found = client.get(f"/models/{quote(model, safe='')}")
        shown = found.json() if found.status == HTTPStatus.OK else {}
    except AntiphonError:
        return []
    states = shown.get("node_states", []) if isinstance(shown, dict) else []
    return [state for state in states if isinstance(state, dict)]


def _payments(seen: Mapping[tuple[str, Labels], float]) -> Iterator[Finding]:
    """Payments of top-ups that were refused, the most frequent reason first."""
    refused = [
        (int(count), dict(labels).get("reason", ""))
        for (name, labels), count in seen.items()
        if name == "antiphon_topup_refusals_total" and count
    ]
    for count, reason in sorted(refused, reverse=True)[:SHOWN_MAX]:
        words = PAYMENT_WORDS.get(reason, "docs/topup.md says what is checked")
        found = f"{count} refused since the gateway's start, as `{reason}`: {words}"
        yield warn("payments", found, "Nothing was taken. The payer signs another one, as the answer 402 asks for.")


def _credit(seen: Mapping[tuple[str, Labels], float]) -> Iterator[Finding]:
    """Requests that were refused for want of credit."""
    refused = int(sum(count for (name, _), count in seen.items() if name == "antiphon_credit_refusals_total"))
    if refused:
        advice = (
            "`antiphon credits balance ACCOUNT` shows what one has; it tops up, or is granted credit: docs/credits.md."
        )
        found = f"{refused} requests answered 402 since the gateway's start: less credit than they could have cost"
        yield warn("credit", found, advice)
