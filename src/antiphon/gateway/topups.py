"""Puts top-ups together, where a chain is set."""

from __future__ import annotations

from functools import partial

from antiphon.clock import Clock
from antiphon.credits.service import Credits
from antiphon.db import Database
from antiphon.gateway import values
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.settings.secret import Secret
from antiphon.topup.contract import TokenContract
from antiphon.topup.facilitator import Facilitator
from antiphon.topup.in_process import InProcessFacilitator, require_installed
from antiphon.topup.model import Terms
from antiphon.topup.remote import RemoteFacilitator
from antiphon.topup.rpc import Rpc
from antiphon.topup.service import Topups


def topups(settings: Settings, database: Database, credits_: Credits, *, clock: Clock, log: Log) -> Topups | None:
    """The service, within a running event loop; the chain is not asked yet. ConfigError without the library."""
    terms = values.topup_terms(settings)
    if terms is None:
        return None
    return Topups(
        database,
        credits_,
        terms,
        _facilitator(settings, terms),
        token_contract(settings, terms),
        clock=clock,
        on_trouble=partial(_trouble, log),
    )


def token_contract(settings: Settings, terms: Terms) -> TokenContract:
    """The token as this gateway asks the chain for it."""
    return TokenContract(Rpc(_revealed(settings.topup.rpc_url)), terms, range_blocks=settings.topup.logs_range_blocks)


def _facilitator(settings: Settings, terms: Terms) -> Facilitator:
    given = settings.topup
    if given.facilitator_url is not None:
        return RemoteFacilitator(given.facilitator_url, terms)
    require_installed()
    key, url = _revealed(given.facilitator_key), _revealed(given.rpc_url)
    return InProcessFacilitator(key, url, terms, wait_s=given.settle_wait_s)


def _revealed(secret: Secret | None) -> str:
    assert secret is not None, "the settings were checked"
    return secret.reveal()


def _trouble(log: Log, topup_id: str, reason: str) -> None:
    log.warning("a top-up is not settled", topup=topup_id, reason=reason)
