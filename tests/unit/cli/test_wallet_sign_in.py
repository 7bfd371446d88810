"""A wallet signs in where it was asked to, and nowhere else."""

from __future__ import annotations

import pytest

from antiphon.accounts.wallet import SignInText, written
from antiphon.cli.endpoint import Endpoint
from antiphon.cli.wallet_sign_in import sign_in
from antiphon.errors import AntiphonError, Unauthenticated
from tests.unit.accounts.wallets import ADDRESS, SECRET, signed
from tests.unit.cli.scripted_gateway import Answer, Script, scripted

KEY = Answer(200, {"api_key": "dkn_live_x", "address": ADDRESS})


def challenge(script: Script, *, domain: str | None = None, address: str = ADDRESS) -> Answer:
    """What the gateway asks the wallet to sign."""
    own = script.base_url.removeprefix("http://").removesuffix("/v1")
    text = SignInText(domain or own, address, "http://x/v1/auth/wallet", 84532, "nonce12345", 1_700_000_000.0)
    return Answer(200, {"message": written(text)})


def test_the_wallet_signs_the_text_that_it_was_given() -> None:
    """And gets the key."""
    with scripted(Answer(500), KEY) as script:
        asked = challenge(script)
        script.answer_first(asked)
        found = sign_in(Endpoint(script.base_url, None), SECRET)
    assert (found.api_key, found.address) == ("dkn_live_x", ADDRESS)
    message = dict(asked.body)["message"]  # type: ignore[call-overload]
    assert script.asked[0].body == {"address": ADDRESS}
    assert script.asked[1].body == {"message": message, "signature": signed(message)}


@pytest.mark.parametrize(
    ("domain", "address"), [("bank.example", ADDRESS), (None, "0x1563915e194D8CfBA1943570603F7606A3115508")]
)
def test_a_text_for_others_is_not_signed(domain: str | None, address: str) -> None:
    """Whoever had it signed could sign in there."""
    with scripted(Answer(500), KEY) as script:
        script.answer_first(challenge(script, domain=domain, address=address))
        with pytest.raises(AntiphonError, match="nothing is signed"):
            sign_in(Endpoint(script.base_url, None), SECRET)
    assert len(script.asked) == 1


def test_what_is_no_sign_in_text_is_not_signed() -> None:
    """Not one more line."""
    with scripted(Answer(200, {"message": "Please sign this."})) as script, pytest.raises(Unauthenticated):
        sign_in(Endpoint(script.base_url, None), SECRET)
    assert len(script.asked) == 1


def test_a_refusal_has_the_gateways_words() -> None:
    """As where wallets cannot sign in."""
    refused = Answer(403, {"error": {"message": "Wallets cannot sign in at this gateway."}})
    with scripted(refused) as script, pytest.raises(AntiphonError, match="Wallets cannot sign in"):
        sign_in(Endpoint(script.base_url, None), SECRET)
