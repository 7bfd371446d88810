"""What scenarios of wallets share: sign-in by eth-account, and requests with the key that it gives. No client's own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from .scenario import Lab

PROMPT_MICRO, COMPLETION_MICRO = 1, 2  # what a token of the paid model costs
MICRO = 1_000_000


class Agent:
    """A program that has nothing but the lab's wallet of that number, and soon a key."""

    def __init__(self, lab: Lab, number: int) -> None:
        self.lab = lab
        self.wallet = Account.from_key(lab.wallets.split(",")[number])
        self.key = ""

    def sign_in(self) -> str:
        """Get a key: challenge, signature, key."""
        _, challenge = self.ask("/v1/auth/challenge", {"address": self.wallet.address})
        signature = self.wallet.sign_message(encode_defunct(text=challenge["message"])).signature
        signed = {"message": challenge["message"], "signature": "0x" + bytes(signature).hex()}
        status, found = self.ask("/v1/auth/wallet", signed)
        assert (status, found["address"]) == (200, self.wallet.address), found
        assert found["api_key"].startswith("dkn_live_")
        self.key = found["api_key"]
        return self.key

    def balance(self) -> int:
        """What the account has, in micro-USDC; Dria's two fields say the same."""
        status, found = self.ask("/v1/credits/balance")
        assert status == 200, found
        micro: int = found["balance_micro_usdc"]
        whole, _, part = found["balance_usdc"].partition(".")
        assert int(whole) * MICRO + int(part.ljust(6, "0")) == micro
        assert found["balance"] == micro // 10_000
        return micro

    def chat(self) -> tuple[int, Any]:  # Any: JSON
        """Ask the model that has a price."""
        messages = [{"role": "user", "content": "Say hello."}]
        return self.ask("/v1/chat/completions", {"model": self.lab.paid_model, "messages": messages, "max_tokens": 8})

    def paid_for(self, answer: Any, before: int) -> None:  # Any: a completion
        """The answer cost what its tokens cost: balance, receipt and ledger say so alike."""
        usage = answer["usage"]
        cost = usage["prompt_tokens"] * PROMPT_MICRO + usage["completion_tokens"] * COMPLETION_MICRO
        assert cost > 0
        assert self.balance() == before - cost
        status, receipt = self.ask(f"/v1/receipts/{answer['id']}")
        assert status == 200, receipt
        assert (receipt["charged_micro_usdc"], receipt["reason"], receipt["ledger"]) == (cost, "delivered", "USDC")
        assert receipt["usage"]["completion_tokens"] == usage["completion_tokens"]
        status, ledger = self.ask("/v1/credits/ledger")
        assert status == 200, ledger
        amounts = [line["amount_micro_usdc"] for line in ledger["data"]]
        assert amounts[0] == -cost
        assert sum(amounts) == before - cost

    def headers(self) -> dict[str, str]:
        """What a request needs besides its body."""
        return {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {self.key}"}

    def ask(self, path: str, body: object = None, **more: str) -> tuple[int, Any]:  # Any: JSON
        """Status and JSON of one request: POST with a body, GET without."""
        headers = {**self.headers(), **more}
        if not self.key:
            del headers["Authorization"]
        content = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.lab.origin + path, content, headers)) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
