// What is Nugen's own, with the official Node SDK.

import assert from "node:assert/strict";
import OpenAI from "openai";

import { all, connect, failure, refused, say } from "./openai_node_connect.mjs";

const ASKED = "Say hi.";
const FEW_TOKENS = 12;

/** Its prefix, and `created` as a fraction of seconds. */
export async function an_answer_has_nugens_shape(lab) {
  const body = { model: lab.model, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const answer = await connect(lab).chat.completions.create(body);
  assert.match(answer.id, /^nugen-/);
  assert.ok(!Number.isInteger(answer.created));
  assert.ok(!("confidence_score" in answer));
}

/** In the last chunk, though nobody asked for it; the helper finds it there. */
export async function usage_comes_with_the_reason(lab) {
  const body = { model: lab.fault_model, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const { completions } = connect(lab).chat;
  const chunks = await all(await completions.create({ ...body, stream: true }));
  const last = chunks.pop();
  assert.equal(last.choices[0].finish_reason, "length");
  assert.equal(last.usage.completion_tokens, FEW_TOKENS);
  assert.ok(chunks.every((chunk) => !chunk.usage));
  assert.equal((await completions.stream(body).totalUsage()).completion_tokens, FEW_TOKENS);
}

/** From 0 to 100, in the answer and in the last chunk. */
export async function an_aligned_model_tells_its_confidence(lab) {
  const body = { model: lab.aligned_model, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const { completions } = connect(lab).chat;
  const score = (await completions.create(body)).confidence_score;
  assert.ok(score > 0 && score <= 100);
  const chunks = await all(await completions.create({ ...body, stream: true }));
  assert.equal(chunks.pop().confidence_score, score);
  assert.ok(chunks.every((chunk) => !("confidence_score" in chunk)));
}

/** The header comes back. */
export async function a_session_is_echoed(lab) {
  const client = connect(lab, { defaultHeaders: { "X-Session-ID": "ada-1" } });
  const body = { model: lab.fault_model, messages: say(ASKED), max_tokens: 2 };
  const { response } = await client.chat.completions.create(body).withResponse();
  assert.equal(response.headers.get("x-session-id"), "ada-1");
}

/** `X-Wire: exact`, plain, in chunks and by the helper. */
export async function the_documented_shape_can_be_read(lab) {
  const { completions } = connect(lab, { defaultHeaders: { "X-Wire": "exact" } }).chat;
  const body = { model: lab.fault_model, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const text = (await completions.create(body)).choices[0].message.content;
  const chunks = await all(await completions.create({ ...body, stream: true }));
  assert.ok(chunks.every((chunk) => !("object" in chunk)));
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content).join(""), text);
  assert.equal(await completions.stream(body).finalContent(), text);
}

/** 401, 422 and 404, streamed or not. This SDK shows no body that is not OpenAI's. */
export async function refusals_have_their_classes(lab) {
  for (const stream of [false, true]) {
    await refused(lab, OpenAI.AuthenticationError, { stream }, { apiKey: "sk-wrong" });
    await refused(lab, OpenAI.UnprocessableEntityError, { temperature: 3, stream });
    await refused(lab, OpenAI.NotFoundError, { model: "nobody/nothing", stream });
    await refused(lab, OpenAI.InternalServerError, { model: lab.down_model, stream });
  }
}

/** An error event after good tokens. */
export async function a_stream_that_breaks_is_an_api_error(lab) {
  const body = { model: lab.fault_model, messages: say("[[fault:close k=3]] Hi.") };
  const error = await failure(OpenAI.APIError, connect(lab).chat.completions.stream(body).finalChatCompletion());
  assert.equal(error.code, "engine_failed");
}
