"""A wallet of eth-account signs in over HTTP, and is refused when it signs for another."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from .scenario import Lab


def a_wallet_gets_a_key(lab: Lab) -> None:
    """Challenge, signature, key, request."""
    wallet = Account.create()
    _, challenge = _post(lab, "/v1/auth/challenge", {"address": wallet.address})
    status, found = _post(lab, "/v1/auth/wallet", _signed(challenge["message"], wallet))
    assert (status, found["address"]) == (200, wallet.address), found
    request = urllib.request.Request(
        f"{lab.origin}/v1/models", headers={"Authorization": f"Bearer {found['api_key']}"}
    )  # fmt: skip
    with urllib.request.urlopen(request) as response:
        assert response.status == 200


def another_signer_is_refused(lab: Lab) -> None:
    """So is the same text twice."""
    wallet, other = Account.create(), Account.create()
    _, challenge = _post(lab, "/v1/auth/challenge", {"address": wallet.address})
    for signer, expected in ((other, 401), (wallet, 200), (wallet, 401)):
        status, told = _post(lab, "/v1/auth/wallet", _signed(challenge["message"], signer))
        assert status == expected, told


def _signed(message: str, wallet: Any) -> dict[str, str]:  # Any: eth-account's own type
    signature = wallet.sign_message(encode_defunct(text=message)).signature
    return {"message": message, "signature": "0x" + bytes(signature).hex()}


def _post(lab: Lab, path: str, body: dict[str, str]) -> tuple[int, Any]:  # Any: JSON
    request = urllib.request.Request(
        lab.origin + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
