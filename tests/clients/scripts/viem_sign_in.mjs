// A wallet of viem signs in, in our words and in its own, and is refused whenever anything is not as it should be.

import assert from "node:assert/strict";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage, parseSiweMessage, validateSiweMessage } from "viem/siwe";

const PATH = "/v1/auth/wallet";
const PATIENCE_MS = 2000;
const AT_ONCE = 20;

/** A wallet that nobody else has. */
const wallet = () => privateKeyToAccount(generatePrivateKey());

/** The answer to a request, with its body as JSON where it is that. */
async function ask(lab, method, path, { body, key } = {}) {
  const headers = { ...(body && { "content-type": "application/json" }), ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(lab.origin + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const isJSON = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, text, json: isJSON ? JSON.parse(text) : null, headers: response.headers };
}

/** The challenge for a wallet. */
async function challenge(lab, account) {
  const answer = await ask(lab, "POST", "/v1/auth/challenge", { body: { address: account.address } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** What becomes of a message with the wallet's signature of it. */
async function signIn(lab, account, message, signature) {
  signature ??= await account.signMessage({ message });
  return ask(lab, "POST", PATH, { body: { message, signature } });
}

/** The key of a wallet that signs in as it is asked to. */
async function keyOf(lab, account) {
  const answer = await signIn(lab, account, (await challenge(lab, account)).message);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.api_key;
}

/** The fields of a text of the wallet's own, around a nonce of the gateway's. */
async function fields(lab, account) {
  const { nonce } = await challenge(lab, account);
  const { host: domain } = new URL(lab.origin);
  return { address: account.address, chainId: 8453, domain, nonce, uri: lab.origin + PATH, version: "1" };
}

/** Challenge, signature, key, request. */
export async function a_wallet_gets_a_key(lab) {
  const account = wallet();
  const { message, nonce, expires_at } = await challenge(lab, account);
  assert.ok(message.includes(nonce) && message.includes(expires_at));
  const answer = await signIn(lab, account, message);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.address, account.address);
  assert.match(answer.json.api_key, /^dkn_live_[0-9A-Za-z]{49}$/);
  assert.equal((await ask(lab, "GET", "/v1/models", { key: answer.json.api_key })).status, 200);
}

/** Without a signature the listed path answers with the challenge. */
export async function the_listed_path_is_enough(lab) {
  const account = wallet();
  const { json } = await ask(lab, "POST", PATH, { body: { address: account.address.toLowerCase() } });
  assert.equal((await signIn(lab, account, json.message)).status, 200);
}

/** Our text is one that viem reads and finds valid. */
export async function our_text_is_understood(lab) {
  const account = wallet();
  const { message, nonce } = await challenge(lab, account);
  const read = parseSiweMessage(message);
  assert.deepEqual([read.address, read.nonce, read.chainId, read.version], [account.address, nonce, 8453, "1"]);
  const expected = { address: account.address, domain: new URL(lab.origin).host, nonce };
  assert.ok(validateSiweMessage({ message: read, ...expected }));
}

/** Texts that viem writes around our nonce are good: plain, and with all that a text may have but resources. */
export async function a_text_of_its_own_is_good(lab) {
  const account = wallet();
  const now = Date.now();
  const more = {
    chainId: 84532,
    expirationTime: new Date(now + 60_000),
    issuedAt: new Date(now),
    notBefore: new Date(now),
    requestId: "r-1",
    scheme: new URL(lab.origin).protocol.slice(0, -1),
    statement: "My own words.",
  };
  for (const extra of [{}, more]) {
    const message = createSiweMessage({ ...(await fields(lab, account)), ...extra });
    const answer = await signIn(lab, account, message);
    assert.equal(answer.status, 200, `${answer.text}\n${message}`);
  }
}

/** 401 as text, with the reason, for a text that is not meant for this gateway, chain or time. */
export async function another_text_is_refused(lab) {
  const account = wallet();
  const cases = [
    [{ domain: "evil.example" }, "wrong domain"],
    [{ uri: `${lab.origin}/other` }, "wrong URI"],
    [{ chainId: 1 }, "wrong chain"],
    [{ nonce: "inventedByMe1234" }, "the nonce is none of ours"],
    [{ issuedAt: new Date(Date.now() + 3_600_000) }, "issued in the future"],
    [{ expirationTime: new Date(Date.now() - 1000) }, "expired"],
    [{ notBefore: new Date(Date.now() + 3_600_000) }, "not valid yet"],
    [{ resources: ["https://gw.example/everything"] }, "the message is not the text"],
  ];
  for (const [changed, reason] of cases) {
    const message = createSiweMessage({ ...(await fields(lab, account)), ...changed });
    const answer = await signIn(lab, account, message);
    assert.equal(answer.status, 401, message);
    assert.ok(answer.text.startsWith(`Sign-in refused: ${reason}`), answer.text);
    assert.match(answer.headers.get("content-type"), /^text\/plain/);
  }
}

/** 401 for whatever was not signed as it stands, by whoever it names. */
export async function another_signature_is_refused(lab) {
  const account = wallet();
  const { message } = await challenge(lab, account);
  const signature = await account.signMessage({ message });
  const bad = [
    [message, await wallet().signMessage({ message })],
    [message.slice(0, message.lastIndexOf("\n")), signature],
    [message.replace("\nVersion: 1", "\nAlso: me\nVersion: 1"), signature],
    [message.replace("moves no funds", "moves all funds"), signature],
    [message.replace(account.address, account.address.toLowerCase()), signature],
    [message, signature.slice(0, -2)],
    [message, `${signature}${"6492".repeat(16)}`],
    [message, `0x${"00".repeat(65)}`],
    [message, "signed"],
  ];
  for (const [text, made] of bad) {
    const answer = await signIn(lab, account, text, made);
    assert.equal(answer.status, 401, text);
    assert.match(answer.text, /^Sign-in refused: /);
  }
  assert.equal((await signIn(lab, account, message, signature)).status, 200, "what was refused used nothing up");
}

/** Once, however often and however many at a time. */
export async function a_text_is_good_once(lab) {
  const account = wallet();
  const { message } = await challenge(lab, account);
  const signature = await account.signMessage({ message });
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => signIn(lab, account, message, signature)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const refused = [...answers.filter(({ status }) => status !== 200), await signIn(lab, account, message, signature)];
  for (const { status, text } of refused) {
    assert.deepEqual([status, text], [401, "Sign-in refused: nonce already used."]);
  }
}

/** 400 with a sentence for a body that has not the form. */
export async function a_body_without_form_is_a_bad_request(lab) {
  for (const body of [{}, { signature: "0x" }, { address: "0x12" }, { address: 1 }, { message: 1, signature: "0x" }]) {
    const answer = await ask(lab, "POST", PATH, { body });
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.text, /^(address|message): /);
  }
}

/** Made, limited, listed, rotated, revoked: refused two seconds later at the latest. */
export async function an_account_manages_its_keys(lab) {
  const key = await keyOf(lab, wallet());
  const made = await ask(lab, "POST", "/v1/keys", { key, body: { name: "agent", requests_per_minute: 5 } });
  assert.equal(made.status, 201, made.text);
  const { api_key, key: shown } = made.json;
  const used = await ask(lab, "GET", "/v1/models", { key: api_key });
  assert.deepEqual([used.status, used.headers.get("x-ratelimit-remaining-requests")], [200, "4"]);
  assert.equal((await ask(lab, "GET", "/v1/keys", { key: api_key })).status, 403);
  const rotated = await ask(lab, "POST", `/v1/keys/${shown.id}/rotate`, { key, body: { overlap_s: 60 } });
  assert.equal(rotated.status, 201, rotated.text);
  const listed = (await ask(lab, "GET", "/v1/keys", { key })).json.data;
  assert.deepEqual(listed.map(({ name, state }) => [name, state]).sort(), [
    ["agent", "active"],
    ["agent", "active"],
    ["wallet", "active"],
  ]);
  assert.equal((await ask(lab, "DELETE", `/v1/keys/${rotated.json.key.id}`, { key })).status, 204);
  const until = Date.now() + PATIENCE_MS;
  let status = 200;
  while (status !== 401 && Date.now() < until) {
    ({ status } = await ask(lab, "GET", "/v1/models", { key: rotated.json.api_key }));
  }
  assert.equal(status, 401);
  assert.equal((await ask(lab, "DELETE", `/v1/keys/${shown.id}`, { key: await keyOf(lab, wallet()) })).status, 404);
}
