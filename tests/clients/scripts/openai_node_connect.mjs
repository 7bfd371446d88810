// How the scenarios of the Node SDK reach the gateway, and what they see of their own attempts.

import assert from "node:assert/strict";
import OpenAI from "openai";

const TIMEOUT_MS = 60_000;

/** A client with a good key that never tries twice, unless the options say otherwise. */
export function connect(lab, options = {}) {
  return new OpenAI({ baseURL: lab.base_url, apiKey: lab.key, timeout: TIMEOUT_MS, maxRetries: 0, ...options });
}

/** A conversation of one user's message. */
export const say = (text) => [{ role: "user", content: text }];

/** A `fetch` that writes down the status, the headers and the time (ms) of each response in `attempts`. */
export const noting = (attempts) => async (url, init) => {
  const response = await fetch(url, init);
  attempts.push({ status: response.status, headers: response.headers, at: performance.now() });
  return response;
};

/** The exception of this kind that a request with these fields ends with. */
export async function refused(lab, kind, fields, options = {}) {
  const body = { model: lab.fault_model, messages: say("Say hi."), max_tokens: 2, ...fields };
  return failure(kind, connect(lab, options).chat.completions.create(body));
}

/** The exception that a promise ends with, which must be of exactly this kind. */
export async function failure(kind, promise) {
  const thrown = await promise.then(() => null, (error) => error);
  assert.equal(thrown?.constructor?.name, kind.name, `${thrown?.stack}`);
  return thrown;
}

/** All that an asynchronous iterable gives. */
export async function all(iterable) {
  const found = [];
  for await (const each of iterable) found.push(each);
  return found;
}
