"""An agent with nothing but a wallet: it signs in, asks, pays when it has to, asks again, and reads what it cost."""

import asyncio
import os
from pathlib import Path

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct
from x402 import x402Client
from x402.http.clients.httpx import wrapHttpxWithPayment
from x402.mechanisms.evm.exact import register_exact_evm_client

GATEWAY = os.environ["OPENAI_BASE_URL"]
WALLET = Account.from_key(Path(os.environ["WALLET_KEY_FILE"]).read_text().strip())
TOP_UP = "2"  # USDC
QUESTION = {"model": "smollm2:135m", "messages": [{"role": "user", "content": "What is a choir?"}], "max_tokens": 40}
PAYMENT_REQUIRED = 402


async def sign_in(client: httpx.AsyncClient) -> str:
    """A key for the wallet's account: the gateway's text, signed."""
    challenge = await client.post("/auth/challenge", json={"address": WALLET.address})
    message = challenge.raise_for_status().json()["message"]
    signature = "0x" + bytes(WALLET.sign_message(encode_defunct(text=message)).signature).hex()
    signed_in = await client.post("/auth/wallet", json={"message": message, "signature": signature})
    return str(signed_in.raise_for_status().json()["api_key"])


async def top_up(headers: dict[str, str]) -> None:
    """Buy credit. The client signs what the gateway's 402 asks for, up to the cap, and sends the request again."""
    payer = x402Client()
    register_exact_evm_client(payer, WALLET)
    payer.set_spend_controls({"max_amount_per_payment": f"${TOP_UP}"})
    async with wrapHttpxWithPayment(payer, base_url=GATEWAY, headers=headers, timeout=60) as paying:
        paid = (await paying.post("/credits/topup", json={"amount": TOP_UP})).raise_for_status().json()
    print(f"paid {TOP_UP} USDC in {paid['txHash']}")


async def main() -> None:
    """Ask a question, whatever that takes."""
    async with httpx.AsyncClient(base_url=GATEWAY, timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {await sign_in(client)}"
        answer = await client.post("/chat/completions", json=QUESTION)
        if answer.status_code == PAYMENT_REQUIRED:
            print(answer.text)
            await top_up(dict(client.headers))
            answer = await client.post("/chat/completions", json=QUESTION)
        completion = answer.raise_for_status().json()
        print(completion["choices"][0]["message"]["content"])
        receipt = (await client.get(f"/receipts/{completion['id']}")).raise_for_status().json()
        balance = (await client.get("/credits/balance")).raise_for_status().json()
        print(f"it cost {receipt['charged_usdc']} USDC, {balance['balance_usdc']} USDC are left")


asyncio.run(main())
