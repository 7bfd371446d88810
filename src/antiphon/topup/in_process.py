"""A facilitator in the gateway itself: x402's own, in threads, with a key that has nothing but money for gas."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, Protocol
from urllib.parse import urlsplit

from antiphon.errors import ConfigError
from antiphon.topup.facilitator import Answer, FacilitatorFailed
from antiphon.topup.model import Payment, Terms

PACKAGE = "x402"
INSTALL = (
    "a facilitator in the gateway takes the package `x402`: pip install 'antiphon[payments]', or set facilitator_url"
)
THREADS = 16  # each waits for the chain most of the time


class Scheme(Protocol):
    """What `x402_scheme.py` has."""

    def verify(self, payment: Payment, amount: int) -> Answer:
        """Whether the payment would go through now."""
        ...

    def settle(self, payment: Payment, amount: int) -> Answer:
        """Broadcast it, and wait for its receipt."""
        ...


def require_installed(package: str = PACKAGE) -> None:
    """ConfigError with the remedy if the library is not there."""
    if importlib.util.find_spec(package) is None:
        raise ConfigError(f"topup.facilitator_key: {INSTALL}.")


class InProcessFacilitator:
    """Settles with a key of its own. The library is loaded, in a thread, when the first payment comes."""

    def __init__(self, private_key: str, rpc_url: str, terms: Terms, *, wait_s: float) -> None:
        self._secret_path = urlsplit(rpc_url).path
        self._make = partial(_scheme, private_key, rpc_url, terms, wait_s)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="topup")
        self._loading = threading.Lock()
        self._loaded: Scheme | None = None

    async def verify(self, payment: Payment, amount: int) -> Answer:
        """Whether the payment would go through now."""
        return await self._ask("verify", payment, amount)

    async def settle(self, payment: Payment, amount: int) -> Answer:
        """Broadcast it, and wait for its receipt."""
        return await self._ask("settle", payment, amount)

    async def close(self) -> None:
        """Take no more; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, what: Literal["verify", "settle"], payment: Payment, amount: int) -> Answer:
        work = partial(self._call, what, payment, amount)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is known of the payment then
            raise FacilitatorFailed(self._said(error)) from None

    def _said(self, error: Exception) -> str:
        """What the library says, without the part of the node's address in which most have a key."""
        text = f"{type(error).__name__}: {error}"
        return text.replace(self._secret_path, "/***") if len(self._secret_path) > 1 else text

    def _call(self, what: Literal["verify", "settle"], payment: Payment, amount: int) -> Answer:
        scheme = self._scheme()
        return scheme.verify(payment, amount) if what == "verify" else scheme.settle(payment, amount)

    def _scheme(self) -> Scheme:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._make()
            return self._loaded


def load_deep() -> None:
    """Load what the library brings that raises the recursion limit for the whole process, and put the limit back.

    With it raised, a request's nested JSON would overflow the stack of the gateway, which is its end.
    """
    limit = sys.getrecursionlimit()
    importlib.import_module("py_ecc")
    sys.setrecursionlimit(limit)


def _scheme(private_key: str, rpc_url: str, terms: Terms, wait_s: float) -> Scheme:
    load_deep()
    library = importlib.import_module("antiphon.topup.x402_scheme")
    made: Scheme = library.X402Scheme(library.GasWallet(private_key, rpc_url, wait_s=wait_s), terms)
    return made
