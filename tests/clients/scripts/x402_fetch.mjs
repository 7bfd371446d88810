// `@x402/fetch` pays for an account that a wallet of viem made, and the account's requests are paid from that.

import assert from "node:assert/strict";
import { ExactEvmScheme } from "@x402/evm";
import { decodePaymentResponseHeader, wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { Agent } from "./agent.mjs";

const PATH = "/v1/credits/topup";

/** The answer to a paid top-up; `sent` gets the payments that went out. */
async function pay(agent, amount, { maxAmountPerPayment, sent = [] } = {}) {
  const noted = (input, init) => {
    const header = (input instanceof Request ? input.headers : new Headers(init?.headers)).get("payment-signature");
    if (header) sent.push(header);
    return fetch(input, init);
  };
  const paying = wrapFetchWithPaymentFromConfig(noted, {
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(agent.account) }],
    ...(maxAmountPerPayment && { spendControls: { maxAmountPerPayment } }),
  });
  const response = await paying(agent.lab.origin + PATH, agent.request({ amount }));
  return { status: response.status, headers: response.headers, json: await response.json() };
}

/** Sign-in, nothing there, 402, a top-up, an answer, its receipt, its line in the ledger. */
export async function a_wallet_alone_signs_in_pays_and_is_answered(lab) {
  const agent = new Agent(lab, 0);
  await agent.signIn();
  assert.equal(await agent.balance(), 0);
  const refused = await agent.chat();
  assert.deepEqual([refused.status, refused.json.error.code], [402, "insufficient_credits"]);
  const { status, headers, json } = await pay(agent, "10", { maxAmountPerPayment: "$100" });
  assert.deepEqual([status, json.credits_added, json.balance, json.balance_usdc], [200, 1000, 1000, "10.00"]);
  const settled = decodePaymentResponseHeader(headers.get("payment-response"));
  assert.deepEqual([settled.success, settled.transaction], [true, json.txHash]);
  const answered = await agent.chat();
  assert.equal(answered.status, 200);
  await agent.paidFor(answered.json, 10_000_000);
}

/** Sent again it is the same payment. */
export async function a_payment_is_credited_once(lab) {
  const agent = new Agent(lab, 1);
  await agent.signIn();
  const sent = [];
  const { json } = await pay(agent, "2.50", { maxAmountPerPayment: "$3", sent });
  const again = await agent.ask(PATH, { body: { amount: "2.50" }, headers: { "payment-signature": sent[0] } });
  assert.deepEqual([again.status, again.json.credits_added, again.json.txHash], [200, 0, json.txHash]);
  assert.equal(await agent.balance(), 2_500_000);
}

/** As it comes it pays a dollar at most, so ten are not signed. */
export async function a_client_that_caps_payments_pays_nothing_above(lab) {
  const agent = new Agent(lab, 2);
  await agent.signIn();
  await assert.rejects(pay(agent, "10"), /spend/i);
  assert.equal(await agent.balance(), 0);
}
