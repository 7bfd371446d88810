"""The facilitator in the gateway: loaded when it is needed, named when it is missing, never believed to be well."""

from __future__ import annotations

import subprocess
import sys

import pytest

from antiphon.errors import ConfigError
from antiphon.topup.facilitator import FacilitatorFailed
from antiphon.topup.in_process import InProcessFacilitator, Scheme, require_installed
from tests.fixtures.topup.desk import MICRO, Desk
from tests.fixtures.topup.payer import Payer

from .test_wire import PAYMENT, TERMS

HEAVY = ("x402", "web3", "eth_account", "pydantic", "aiohttp")


async def test_a_payment_that_is_good(desk: Desk) -> None:
    """It is checked without being settled."""
    payment = desk.payer().pay(desk.terms, MICRO)
    assert (await desk.inner.verify(payment, MICRO)).good
    assert desk.received() == 0


async def test_nobody_at_the_address() -> None:
    """Whatever the library raises, or answers, the payer is not to blame."""
    facilitator = InProcessFacilitator("0x" + "11" * 32, "http://127.0.0.1:9", TERMS, wait_s=1)
    fresh = Payer().pay(TERMS, 10 * MICRO)  # one of a module would be out of date when a long run gets here
    verdict = await facilitator.verify(fresh, 10 * MICRO)
    assert verdict.reason == "invalid_exact_evm_failed_to_verify_signature"
    await facilitator.close()


async def test_what_the_library_raises() -> None:
    """It is a failure of the facilitator, with the error's own words."""
    facilitator = InProcessFacilitator("no key", "http://127.0.0.1:9", TERMS, wait_s=1)
    with pytest.raises(FacilitatorFailed, match="Error: "):
        await facilitator.settle(PAYMENT, 10 * MICRO)
    await facilitator.close()


async def test_the_nodes_key_is_not_told() -> None:
    """The library's errors have the whole address; ours, which are logged, have not."""
    facilitator = InProcessFacilitator("0x" + "11" * 32, "http://127.0.0.1:9/v2/secret", TERMS, wait_s=1)

    def fail() -> Scheme:
        raise ConnectionError("Max retries exceeded with url: /v2/secret")

    facilitator._make = fail  # type: ignore[assignment]
    with pytest.raises(FacilitatorFailed, match="ConnectionError: Max retries") as failure:
        await facilitator.settle(PAYMENT, 10 * MICRO)
    assert "secret" not in str(failure.value)
    assert failure.value.__cause__ is None
    await facilitator.close()


def test_the_missing_library_is_named() -> None:
    """The remedy stands in the message."""
    require_installed()
    with pytest.raises(ConfigError, match=r"topup.facilitator_key: .*antiphon\[payments\]"):
        require_installed("no_such_package_at_all")


def test_a_gateway_loads_nothing_heavy() -> None:
    """All that a gateway imports at its start leaves the library and what it needs alone."""
    words = f"import sys, antiphon.gateway.build; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nested_json_does_no_harm_afterwards() -> None:
    """Once the library is there, a body that is nested deeply is still refused, and not the end of the process."""
    script = (
        "import antiphon.topup.in_process as own, importlib, msgspec\n"
        "own.load_deep()\n"
        "importlib.import_module('antiphon.topup.x402_scheme')\n"
        "try: msgspec.json.decode(b'[' * 5_000_000)\n"
        "except RecursionError: print('refused')\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.stdout, ran.returncode) == ("refused\n", 0)
