"""x402's own facilitator, as a class that blocks. The only module that knows the library: imported when it is needed.

Three things are put right here; the library is pinned to the version for which they were found and tested.

- A transaction that could not be broadcast kept its nonce, so that none after it was ever mined.
- `simulate_in_settle` is off, so that a used payment was broadcast again, and cost gas to be undone.
- A facilitator settles whatever it is shown. This one makes the requirements itself, with one recipient: ours.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import msgspec
from x402.mechanisms.evm import FacilitatorWeb3Signer
from x402.mechanisms.evm.exact.facilitator import ExactEvmScheme, ExactEvmSchemeConfig
from x402.schemas import PaymentPayload, PaymentRequirements

from antiphon.topup.facilitator import Answer
from antiphon.topup.model import Payment, Terms
from antiphon.topup.wire import offer, signed

# Without a handler of its own the library's warnings would go to stderr beside our log.
logging.getLogger("x402").addHandler(logging.NullHandler())


class GasWallet(FacilitatorWeb3Signer):
    """Signs and broadcasts, one transaction at a time, so that a failed one leaves no gap before another."""

    def __init__(self, private_key: str, rpc_url: str, *, wait_s: float) -> None:
        super().__init__(private_key, rpc_url, confirmation_timeout_seconds=wait_s)
        self._broadcasting = threading.Lock()

    def write_contract(
        self,
        address: str,
        abi: list[dict[str, Any]],  # Any: the library's own description of a contract
        function_name: str,
        *args: Any,  # Any: the contract's arguments
        data_suffix: str | None = None,
    ) -> str:
        """The transaction's hash; after a failure the next nonce is asked of the chain again."""
        with self._broadcasting:
            try:
                return super().write_contract(address, abi, function_name, *args, data_suffix=data_suffix)
            except Exception:
                self._next_nonce = None
                raise


class X402Scheme:
    """Checks and settles payments to one recipient. Its methods block, and raise whatever the library raises."""

    def __init__(self, wallet: FacilitatorWeb3Signer, terms: Terms) -> None:
        self._terms = terms
        self._scheme = ExactEvmScheme(wallet, ExactEvmSchemeConfig(simulate_in_settle=True))

    def verify(self, payment: Payment, amount: int) -> Answer:
        """Whether the payment would go through now."""
        told = self._scheme.verify(*self._question(payment, amount))
        return Answer(told.is_valid, told.invalid_reason or "")

    def settle(self, payment: Payment, amount: int) -> Answer:
        """Broadcast it, and wait for its receipt; `settlement_pending` when that takes too long."""
        told = self._scheme.settle(*self._question(payment, amount))
        return Answer(told.success, told.error_reason or "", told.transaction)

    def _question(self, payment: Payment, amount: int) -> tuple[PaymentPayload, PaymentRequirements]:
        """A payment of either version as the second has it: the first one's part takes any doubt for a failure."""
        required = PaymentRequirements.model_validate(msgspec.to_builtins(offer(self._terms, amount)))
        return PaymentPayload(payload=msgspec.to_builtins(signed(payment)), accepted=required), required
