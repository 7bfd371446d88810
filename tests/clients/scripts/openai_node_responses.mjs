// OpenAI's responses with the official Node SDK.

import assert from "node:assert/strict";
import OpenAI from "openai";

import { all, connect, failure } from "./openai_node_connect.mjs";

const WEATHER = {
  type: "function",
  name: "weather",
  description: "The weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: true,
};

/** Event by event, numbered; what they add up to is a plain response. */
export async function events_add_up_to_a_response(lab) {
  const body = { model: lab.fault_model, input: "Tell me.", store: false };
  const { responses } = connect(lab);
  const events = await all(await responses.create({ ...body, stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
  const pieces = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
  const plain = await responses.create(body);
  assert.equal(pieces.join(""), plain.output_text);
  assert.equal(events.at(-1).response.output[0].content[0].text, plain.output_text);
}

/** The helper reads calls, and a conversation goes on with their outputs. */
export async function calls_are_made_and_answered(lab) {
  const client = connect(lab);
  const body = { model: lab.fault_model, tools: [WEATHER] };
  const stream = client.responses.stream({ ...body, input: "[[answer calls=2]] Weather?" });
  const told = await stream.finalResponse();
  const calls = told.output.filter((item) => item.type === "function_call");
  assert.equal(new Set(calls.map((call) => call.call_id)).size, 2);
  calls.forEach((call) => assert.ok(JSON.parse(call.arguments).city));
  const input = calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: "rain" }));
  const last = await client.responses.create({ ...body, input, previous_response_id: told.id, tool_choice: "none" });
  assert.ok(last.output_text);
  assert.equal((await client.responses.retrieve(last.id)).output_text, last.output_text);
  await client.responses.delete(last.id);
  await failure(OpenAI.NotFoundError, client.responses.retrieve(last.id));
}

/** 400 with the field. */
export async function what_is_wrong_is_named(lab) {
  const asked = connect(lab).responses.create({ model: lab.model, input: "Hi", background: true });
  assert.equal((await failure(OpenAI.BadRequestError, asked)).param, "background");
}
