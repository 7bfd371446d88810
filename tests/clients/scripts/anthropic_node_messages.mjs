// Anthropic's messages with the official Node SDK.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const TIMEOUT_MS = 60_000;
const WEATHER = {
  name: "weather",
  description: "The weather in a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

/** A client with a good key that never tries twice. */
const connect = (lab, options = {}) =>
  new Anthropic({ baseURL: lab.origin, apiKey: lab.key, timeout: TIMEOUT_MS, maxRetries: 0, ...options });

const say = (text) => [{ role: "user", content: text }];

/** The small model answers, and its tokens are counted beforehand. */
export async function a_message_answers(lab) {
  const { messages } = connect(lab);
  const body = { model: lab.model, messages: say("Say hi."), system: "Be brief." };
  const counted = await messages.countTokens(body);
  const told = await messages.create({ ...body, max_tokens: 12 });
  assert.deepEqual(told.content.map((block) => block.type), ["text"]);
  assert.equal(counted.input_tokens, told.usage.input_tokens + told.usage.cache_read_input_tokens);
}

/** The helper puts a stream together; it says what a plain message says. */
export async function a_stream_says_what_a_plain_message_says(lab) {
  const { messages } = connect(lab);
  const body = { model: lab.fault_model, max_tokens: 100, messages: say("Tell me.") };
  const streamed = await messages.stream(body).finalMessage();
  const plain = await messages.create(body);
  assert.deepEqual(streamed.content, plain.content);
  assert.equal(streamed.usage.output_tokens, plain.usage.output_tokens);
  assert.equal(streamed.stop_reason, "end_turn");
}

/** Three at once, told apart, and answered. */
export async function calls_are_made_and_answered(lab) {
  const { messages } = connect(lab);
  const body = { model: lab.fault_model, max_tokens: 400, tools: [WEATHER] };
  const asked = say("[[answer calls=3]] Weather?");
  const told = await messages.stream({ ...body, messages: asked }).finalMessage();
  assert.equal(new Set(told.content.map((block) => block.id)).size, 3);
  told.content.forEach((block) => assert.ok(block.input.city));
  const results = told.content.map((block) => ({ type: "tool_result", tool_use_id: block.id, content: "rain" }));
  const history = [...asked, { role: "assistant", content: told.content }, { role: "user", content: results }];
  const last = await messages.create({ ...body, messages: history, tool_choice: { type: "none" } });
  assert.equal(last.content[0].type, "text");
}

/** An error event after good tokens: never an end that looks like one. */
export async function a_stream_that_breaks_rejects(lab) {
  const asked = { model: lab.fault_model, max_tokens: 50, messages: say("[[fault:close k=3]] Hi.") };
  await assert.rejects(connect(lab).messages.stream(asked).finalMessage(), Anthropic.APIError);
}

/** Each comes as its documentation says. */
export async function errors_are_the_packages_own(lab) {
  const body = { model: lab.fault_model, max_tokens: 5, messages: say("Hi") };
  const asked = (changes, options) => connect(lab, options).messages.create({ ...body, ...changes });
  await assert.rejects(asked({ max_tokens: 0 }), Anthropic.BadRequestError);
  await assert.rejects(asked({ model: "nobody/nothing" }), Anthropic.NotFoundError);
  await assert.rejects(asked({ model: lab.down_model }), Anthropic.InternalServerError);
  await assert.rejects(asked({}, { apiKey: "sk-wrong" }), Anthropic.AuthenticationError);
}
