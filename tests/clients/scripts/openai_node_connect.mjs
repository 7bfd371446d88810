// How the scenarios of the Node SDK reach the gateway, and what they see of their own attempts.

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

/** All that an asynchronous iterable gives. */
export async function all(iterable) {
  const found = [];
  for await (const each of iterable) found.push(each);
  return found;
}
