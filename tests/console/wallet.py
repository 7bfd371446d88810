"""A browser's wallet for tests (EIP-1193): it answers as extensions do, and really signs."""

from __future__ import annotations

import json
from typing import Any  # what a page asks of a wallet, and gets, is any JSON

from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.async_api import BrowserContext

DECLINED = {"error": {"code": 4001, "message": "User rejected the request."}}
UNKNOWN = {"error": {"code": 4200, "message": "The wallet does not know this method."}}
PROVIDER = """
window.ethereum = {
  async request({ method, params }) {
    const answer = await window.askWallet(method, params ?? []);
    if (answer.error) throw answer.error;
    return answer.result;
  },
  on() {}, removeListener() {},
};
"""


class Wallet:
    """A wallet with one account on one chain. `declines` makes it answer as when its user says no."""

    def __init__(self, private_key: str, chain_id: int) -> None:
        self._account = Account.from_key(private_key)
        self.chain_id = chain_id
        self.declines = False
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """The account's address, with its checksum."""
        return str(self._account.address)

    async def put_into(self, context: BrowserContext) -> None:
        """Give it to all pages of a browser's context."""
        await context.expose_function("askWallet", self._answer)
        await context.add_init_script(PROVIDER)

    def _answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append(method)
        if self.declines:
            return DECLINED
        if method in ("eth_requestAccounts", "eth_accounts"):
            return {"result": [self.address]}
        if method == "eth_chainId":
            return {"result": hex(self.chain_id)}
        if method == "wallet_switchEthereumChain":
            self.chain_id = int(params[0]["chainId"], 16)
            return {"result": None}
        return self._signed(method, params)

    def _signed(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method == "personal_sign":
            signed = self._account.sign_message(encode_defunct(hexstr=params[0]))
        elif method == "eth_signTypedData_v4":
            signed = self._account.sign_typed_data(full_message=json.loads(params[1]))
        else:
            return UNKNOWN
        return {"result": "0x" + signed.signature.hex().removeprefix("0x")}
