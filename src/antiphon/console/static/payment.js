// A payment by x402: what is asked for, checked against what was typed, signed once by the wallet, sent until it is answered.

import { ApiError, request } from "./api.js";
import { pause } from "./refresh.js";
import { account, onChain, signTyped } from "./wallet.js";

const PATH = "/v1/credits/topup";
const SCHEME = "exact";
const TRIES = 8;
const PAUSE_S_MAX = 10;
const EARLIER_S = 600; // clocks differ
const DOUBT = new Set([409, 502, 503, 504]); // nobody knows yet whether it was taken

const AUTHORIZATION = [
  ["from", "address"],
  ["to", "address"],
  ["value", "uint256"],
  ["validAfter", "uint256"],
  ["validBefore", "uint256"],
  ["nonce", "bytes32"],
].map(([name, type]) => ({ name, type })); // of EIP-3009
const DOMAIN = [
  ["name", "string"],
  ["version", "string"],
  ["chainId", "uint256"],
  ["verifyingContract", "address"],
].map(([name, type]) => ({ name, type }));

/** What the gateway wants for an amount: its offer. Error when it is not what was typed, on the chain that was told. */
export async function offer(amount, micro, chain, signal) {
  try {
    await request("POST", PATH, { body: { amount }, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 402) throw error;
    const found = (error.body?.accepts ?? []).find((one) => one.scheme === SCHEME);
    if (found === undefined) throw new Error(error.body?.detail || error.message);
    if (found.maxAmountRequired !== String(micro))
      throw new Error("The gateway asks for another amount than was typed: nothing is signed.");
    if (found.asset.toLowerCase() !== chain.usdc.toLowerCase())
      throw new Error("The gateway asks for another token than USDC: nothing is signed.");
    return found;
  }
  throw new Error("The gateway answered without a price.");
}

/** The payment, signed by the wallet: a header that is the same however often it is sent. */
export async function signed(asked, chain) {
  const payer = await account();
  await onChain(chain.chain_id);
  const now = Math.floor(Date.now() / 1000);
  const authorization = {
    from: payer,
    to: asked.payTo,
    value: asked.maxAmountRequired,
    validAfter: String(now - EARLIER_S),
    validBefore: String(now + asked.maxTimeoutSeconds),
    nonce: nonce(),
  };
  const signature = await signTyped(payer, {
    types: { EIP712Domain: DOMAIN, TransferWithAuthorization: AUTHORIZATION },
    primaryType: "TransferWithAuthorization",
    domain: { ...asked.extra, chainId: chain.chain_id, verifyingContract: asked.asset },
    message: authorization,
  });
  return btoa(
    JSON.stringify({ x402Version: 1, scheme: SCHEME, network: asked.network, payload: { signature, authorization } }),
  );
}

/** Whether nobody can say yet if a payment was taken: then it is sent again, and never signed anew. */
export class InDoubt extends Error {}

/** What came of a payment. InDoubt when nobody knows after several tries; another Error when nothing was taken. */
export async function pay(amount, header, signal) {
  let trouble = "";
  for (let tries = 0; tries < TRIES && !signal.aborted; tries += 1) {
    let waitS = 1;
    try {
      return await request("POST", PATH, { body: { amount }, headers: { "x-payment": header }, signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 402)
        throw new Error(`Nothing was taken: ${error.body?.detail || error.body?.error || error.message}.`);
      if (error instanceof ApiError && !DOUBT.has(error.status)) throw error;
      trouble = error.message;
      waitS = error.retryAfter ?? waitS;
    }
    await pause(Math.min(waitS, PAUSE_S_MAX), signal);
  }
  throw new InDoubt(`It is not known yet whether the payment was taken: ${trouble}`);
}

function nonce() {
  const octets = crypto.getRandomValues(new Uint8Array(32));
  return `0x${Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")}`;
}
