"""A wallet signs in for a key (EIP-4361), and signs nothing but a text for the gateway that was asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.accounts.wallet import read
from antiphon.chain.wallets import address_of
from antiphon.cli.client import Client, checked
from antiphon.cli.endpoint import Endpoint
from antiphon.errors import AntiphonError


class SignedIn(Struct, frozen=True):
    """The key, which is shown once, and whose it is."""

    api_key: str
    address: str


def sign_in(endpoint: Endpoint, private_key: str) -> SignedIn:
    """A key of the wallet's account; AntiphonError when the gateway's text is none to sign, or it refuses."""
    from eth_account import Account
    from eth_account.messages import encode_defunct

    client, address = Client(endpoint), address_of(private_key)
    message = str(checked(client.post("/auth/challenge", {"address": address}))["message"])
    _require_for(endpoint, message, address)
    signature = Account.sign_message(encode_defunct(text=message), private_key).signature
    found = checked(client.post("/auth/wallet", {"message": message, "signature": "0x" + bytes(signature).hex()}))
    return SignedIn(str(found["api_key"]), str(found["address"]))


def _require_for(endpoint: Endpoint, message: str, address: str) -> None:
    """A text for another site would let whoever asked for it sign in there, as this wallet."""
    text, domain = read(message), urlsplit(endpoint.root).netloc
    if text.address != address or text.domain.lower() != domain.lower():
        raise AntiphonError(
            f"The gateway wants {text.address} to sign in to {text.domain}, not {address} to {domain}: "
            "nothing is signed. Call it by the address that it names, or set its `auth.origins`."
        )
