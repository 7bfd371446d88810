"""A gateway that stood still for a while has too much before it: it says so, sheds new work, and recovers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from .lab import QUIET, Lab, running

STANDS_S = 1.5
RECOVERED_S_MAX = 30.0  # a second of calm, on a machine that has other work


async def test_a_gateway_that_stood_still(tmp_path: Path) -> None:
    """New work is refused with a time to come again, probes tell the two states apart, and then all is as before."""
    async with running(tmp_path) as lab:
        await _stand_still(lab)


async def _stand_still(lab: Lab) -> None:
    os.kill(lab.gateway.pid, signal.SIGSTOP)
    await asyncio.sleep(STANDS_S)
    os.kill(lab.gateway.pid, signal.SIGCONT)
    refused = await lab.ask(QUIET[0], stream=False)
    assert refused.status == 503
    assert refused.retry_after is not None
    assert 1 <= refused.retry_after <= 60
    assert [(await lab.gateway.ask(path)).status for path in ("/livez", "/readyz")] == [200, 503]
    async with asyncio.timeout(RECOVERED_S_MAX):
        while (await lab.gateway.ask("/readyz")).status != 200:
            pass
    assert (await lab.ask(QUIET[0], tokens=1, token_s=0.0)).good
    assert await lab.metric(r'antiphon_shed_requests_total\{reason="lag"\}') >= 1
    assert "requests are shed" in lab.gateway.log
    assert "requests are taken on again" in lab.gateway.log
    assert "the event loop is blocked" not in lab.gateway.log  # the whole process stood still, not its loop
