// The exceptions of the official Node SDK at /v1, and its retries.

import assert from "node:assert/strict";
import OpenAI from "openai";

import { all, connect, failure, noting, refused, say } from "./openai_node_connect.mjs";

const BURST_MAX = 200;

/** 401. */
export async function a_wrong_key_is_an_authentication_error(lab) {
  const error = await refused(lab, OpenAI.AuthenticationError, {}, { apiKey: "sk-wrong" });
  assert.deepEqual([error.status, error.code, error.type], [401, "invalid_api_key", "authentication_error"]);
  assert.match(error.message, /API key/);
}

/** 400 naming field and rule, for a stream as well. */
export async function a_bad_value_is_a_bad_request(lab) {
  for (const stream of [false, true]) {
    const error = await refused(lab, OpenAI.BadRequestError, { temperature: 3, stream });
    assert.deepEqual([error.status, error.param, error.type], [400, "temperature", "invalid_request_error"]);
    assert.match(error.requestID, /^req_/);
  }
}

/** 404, for a completion and for the model itself. */
export async function an_unknown_model_is_not_found(lab) {
  const error = await refused(lab, OpenAI.NotFoundError, { model: "nobody/nothing" });
  assert.deepEqual([error.status, error.code, error.param], [404, "model_not_found", "model"]);
  await failure(OpenAI.NotFoundError, connect(lab).models.retrieve("nobody/nothing"));
}

/** 400: a text model takes no pictures. */
export async function a_text_model_refuses_pictures(lab) {
  const content = [{ type: "image_url", image_url: { url: lab.red_image } }];
  const error = await refused(lab, OpenAI.BadRequestError, { model: lab.model, messages: [{ role: "user", content }] });
  assert.ok(error.message.includes(lab.model));
}

/** 429 with the wait in Retry-After. */
export async function one_request_too_many_is_a_rate_limit_error(lab) {
  const options = { apiKey: lab.once_key };
  await connect(lab, options).chat.completions.create({ model: lab.fault_model, messages: say("Hi."), max_tokens: 2 });
  const error = await refused(lab, OpenAI.RateLimitError, {}, options);
  assert.deepEqual([error.status, error.code], [429, "rate_limit_exceeded"]);
  const wait = Number(error.headers.get("retry-after"));
  assert.ok(wait >= 1 && wait <= 60);
}

/** 503 for a model without an engine, 502 for an engine that fails. */
export async function engines_fail_as_internal_server_errors(lab) {
  const down = await refused(lab, OpenAI.InternalServerError, { model: lab.down_model });
  assert.deepEqual([down.status, down.code], [503, "unavailable"]);
  const failed = await refused(lab, OpenAI.InternalServerError, { messages: say("[[fault:status status=500]] Hi.") });
  assert.deepEqual([failed.status, failed.code], [502, "engine_failed"]);
}

/** An error event after good tokens: APIError without a status, out of the raw stream and out of the helper. */
export async function a_stream_that_breaks_is_an_api_error(lab) {
  const { completions } = connect(lab).chat;
  const body = { model: lab.fault_model, messages: say("[[fault:close k=3]] Hi.") };
  const raw = await completions.create({ ...body, stream: true });
  const error = await failure(OpenAI.APIError, all(raw));
  assert.deepEqual([error.status, error.code], [undefined, "engine_failed"]);
  const helped = await failure(OpenAI.APIError, completions.stream(body).finalChatCompletion());
  assert.equal(helped.code, "engine_failed");
}

/** The SDK's own time-out. */
export async function a_silent_engine_is_a_timeout_of_the_client(lab) {
  const messages = say("[[fault:freeze]] Hi.");
  await refused(lab, OpenAI.APIConnectionTimeoutError, { messages }, { timeout: 500 });
}

/** Nobody listens there. */
export async function an_address_without_a_gateway_is_a_connection_error(lab) {
  await refused(lab, OpenAI.APIConnectionError, {}, { baseURL: "http://127.0.0.1:9/v1" });
}

/** The wait that Retry-After names is enough: the next attempt is served. */
export async function a_rate_limit_is_waited_out(lab) {
  const attempts = [];
  const client = connect(lab, { apiKey: lab.refilled_key, maxRetries: 1, fetch: noting(attempts) });
  const body = { model: lab.fault_model, messages: say("Hi."), max_tokens: 1 };
  for (let i = 0; i < BURST_MAX && !attempts.some(({ status }) => status === 429); i++) {
    await client.chat.completions.create(body);
  }
  const [limited, served] = attempts.slice(-2);
  assert.deepEqual([limited.status, served.status], [429, 200]);
  assert.ok(served.at - limited.at >= 1000 * Number(limited.headers.get("retry-after")) - 5);
}

/** 504: the client's own `timeout_secs` is over, so another attempt would only cost. */
export async function a_deadline_is_not_tried_again(lab) {
  const attempts = [];
  const fields = { messages: say("[[answer delay_s=0.5]] Hi."), max_tokens: 8, timeout_secs: 1 };
  const options = { maxRetries: 2, fetch: noting(attempts) };
  const error = await refused(lab, OpenAI.InternalServerError, fields, options);
  assert.deepEqual([error.status, error.code], [504, "deadline_exceeded"]);
  assert.equal(attempts.length, 1);
}
