"""The part of `antiphon ledger verify --on-chain` that asks the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from antiphon.settings.model import Settings
    from antiphon.topup.audit import Audit


async def chain_audit(settings: Settings) -> Audit:
    """What the chain has of all payments in the books; ConfigError when it cannot be asked."""
    from antiphon.clock import SystemClock
    from antiphon.db.open import open_database
    from antiphon.errors import ConfigError, Unavailable
    from antiphon.gateway.topups import token_contract
    from antiphon.gateway.values import topup_terms
    from antiphon.topup.audit import audit
    from antiphon.topup.contract import Mismatch
    from antiphon.topup.rpc import RpcFailed

    terms = topup_terms(settings)
    if terms is None:
        raise ConfigError("--on-chain: no chain is set, `topup.network` names one.")
    url = None if settings.database.url is None else settings.database.url.reveal()
    contract = token_contract(settings, terms)
    database = open_database(url, data_dir=settings.data_dir, clock=SystemClock())
    try:
        return await audit(database, contract, terms.pay_to)
    except (RpcFailed, Mismatch, Unavailable) as failure:
        raise ConfigError(f"--on-chain: the chain cannot be asked: {failure}.") from failure
    finally:
        contract.close()
        await database.close()


def audit_text(found: Audit) -> str:
    """What was found, in a sentence, or the payments that are missing, a line each."""
    from antiphon.credits.money import usdc_text

    sums = (
        f"{found.payments} payments: {usdc_text(found.on_chain)} USDC on the chain, "
        f"{usdc_text(found.in_books)} in the books"
    )
    lines = [f"payment {one}: the chain does not have it" for one in found.missing]
    return "\n".join([*lines, f"{sums}; the recipient has {usdc_text(found.balance)} now."])
