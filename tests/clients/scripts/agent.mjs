// What scenarios of wallets share: sign-in by a wallet of viem in words of its own, and requests with the key.

import assert from "node:assert/strict";
import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";

const PROMPT_MICRO = 1;
const COMPLETION_MICRO = 2;

/** A program that has nothing but the lab's wallet of that number, and soon a key. */
export class Agent {
  constructor(lab, number) {
    this.lab = lab;
    this.privateKey = lab.wallets.split(",")[number];
    this.account = privateKeyToAccount(this.privateKey);
    this.key = "";
  }

  /** Get a key, with a text that viem writes around the gateway's nonce. */
  async signIn() {
    const address = this.account.address;
    const { json: challenge } = await this.ask("/v1/auth/challenge", { body: { address } });
    const origin = new URL(this.lab.origin);
    const message = createSiweMessage({
      address, chainId: 84532, domain: origin.host, nonce: challenge.nonce, uri: `${origin.origin}/v1/auth/wallet`,
      version: "1", statement: "I want a key.",
    });
    const signature = await this.account.signMessage({ message });
    const { status, json } = await this.ask("/v1/auth/wallet", { body: { message, signature } });
    assert.deepEqual([status, json.address], [200, address]);
    assert.match(json.api_key, /^dkn_live_/);
    this.key = json.api_key;
  }

  /** What the account has, in micro-USDC. */
  async balance() {
    const { status, json } = await this.ask("/v1/credits/balance");
    assert.equal(status, 200);
    return json.balance_micro_usdc;
  }

  /** Ask the model that has a price. */
  chat() {
    const messages = [{ role: "user", content: "Say hello." }];
    return this.ask("/v1/chat/completions", { body: { model: this.lab.paid_model, messages, max_tokens: 8 } });
  }

  /** The answer cost what its tokens cost: balance, receipt and ledger say so alike. */
  async paidFor({ id, usage }, before) {
    const cost = usage.prompt_tokens * PROMPT_MICRO + usage.completion_tokens * COMPLETION_MICRO;
    assert.ok(cost > 0);
    assert.equal(await this.balance(), before - cost);
    const receipt = await this.ask(`/v1/receipts/${id}`);
    assert.deepEqual([receipt.status, receipt.json.charged_micro_usdc, receipt.json.reason], [200, cost, "delivered"]);
    const { json: ledger } = await this.ask("/v1/credits/ledger");
    const amounts = ledger.data.map((line) => line.amount_micro_usdc);
    assert.equal(amounts[0], -cost);
    assert.equal(amounts.reduce((sum, amount) => sum + amount, 0), before - cost);
  }

  /** What a request is made of: POST with a body, GET without. */
  request(body, more = {}) {
    const headers = { accept: "application/json", ...(this.key && { authorization: `Bearer ${this.key}` }), ...more };
    if (body === undefined) return { headers };
    return { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  }

  /** Status and JSON of one request. */
  async ask(path, { body, headers } = {}) {
    const response = await fetch(this.lab.origin + path, this.request(body, headers));
    return { status: response.status, json: await response.json() };
  }
}
