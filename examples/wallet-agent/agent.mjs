// An agent with nothing but a wallet: it signs in, asks, pays when it has to, asks again, and reads what it cost.
import { readFileSync } from "node:fs";
import { ExactEvmScheme } from "@x402/evm";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

const GATEWAY = process.env.OPENAI_BASE_URL;
const WALLET = privateKeyToAccount(readFileSync(process.env.WALLET_KEY_FILE, "utf8").trim());
const TOP_UP = "2"; // USDC
const QUESTION = { model: "smollm2:135m", messages: [{ role: "user", content: "What is a choir?" }], max_tokens: 40 };

const headers = { accept: "application/json", "content-type": "application/json" };
const post = (path, body, send = fetch) =>
  send(GATEWAY + path, { method: "POST", headers: { ...headers }, body: JSON.stringify(body) });
const get = (path) => fetch(GATEWAY + path, { headers });

async function read(response) {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json();
}

// A key for the wallet's account: the gateway's text, signed.
const { message } = await read(await post("/auth/challenge", { address: WALLET.address }));
const signature = await WALLET.signMessage({ message });
const { api_key } = await read(await post("/auth/wallet", { message, signature }));
headers.authorization = `Bearer ${api_key}`;

let answer = await post("/chat/completions", QUESTION);
if (answer.status === 402) {
  console.log((await answer.json()).error.message);
  // The client signs what the gateway's 402 asks for, up to the cap, and sends the request again.
  const paying = wrapFetchWithPaymentFromConfig(fetch, {
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(WALLET) }],
    spendControls: { maxAmountPerPayment: `$${TOP_UP}` },
  });
  const { txHash } = await read(await post("/credits/topup", { amount: TOP_UP }, paying));
  console.log(`paid ${TOP_UP} USDC in ${txHash}`);
  answer = await post("/chat/completions", QUESTION);
}
const completion = await read(answer);
console.log(completion.choices[0].message.content);
const { charged_usdc } = await read(await get(`/receipts/${completion.id}`));
const { balance_usdc } = await read(await get("/credits/balance"));
console.log(`it cost ${charged_usdc} USDC, ${balance_usdc} USDC are left`);
