// `x402-fetch` 1.2, which knows the protocol's first version only, pays what Dria documents.

import assert from "node:assert/strict";
import { createSigner, decodeXPaymentResponse, wrapFetchWithPayment } from "x402-fetch";
import { Agent } from "./agent.mjs";

/** A body of 402, X-PAYMENT, X-PAYMENT-RESPONSE. */
export async function the_first_version_pays(lab) {
  const agent = new Agent(lab, 0);
  await agent.signIn();
  const signer = await createSigner("base-sepolia", agent.privateKey);
  const paying = wrapFetchWithPayment(fetch, signer, 100_000_000n);
  const response = await paying(`${lab.origin}/v1/credits/topup`, agent.request({ amount: "5" }));
  const json = await response.json();
  assert.deepEqual([response.status, json.credits_added, json.balance_usdc], [200, 500, "5.00"]);
  const settled = decodeXPaymentResponse(response.headers.get("x-payment-response"));
  assert.deepEqual([settled.success, settled.transaction], [true, json.txHash]);
  const answered = await agent.chat();
  assert.equal(answered.status, 200);
  await agent.paidFor(answered.json, 5_000_000);
}
