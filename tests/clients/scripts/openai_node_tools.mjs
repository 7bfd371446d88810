// Tools with the official Node SDK, on a model whose template knows none and an engine that has them; any door.

import assert from "node:assert/strict";
import { zodFunction } from "openai/helpers/zod";
import { z } from "zod";

import { all, connect, say } from "./openai_node_connect.mjs";

const Weather = z.object({ city: z.enum(["Oslo", "Rome"]), days: z.number().int().min(1).max(7) });
const TOOL = zodFunction({ name: "get_weather", parameters: Weather, description: "The weather of a city." });
const QUESTION = "What is the weather in Oslo for two days?";

function forced(lab, options = {}) {
  const body = { model: lab.model, messages: say(QUESTION), tools: [TOOL], tool_choice: "required" };
  return { ...body, parallel_tool_calls: false, max_tokens: 120, ...options };
}

/** The whole round on the small model: a forced call, its result, an answer in words. */
export async function a_call_is_answered(lab) {
  const { completions } = connect(lab).chat;
  const asked = (await completions.create(forced(lab))).choices[0];
  assert.equal(asked.finish_reason, "tool_calls");
  assert.ok(!asked.message.content);
  const [call] = asked.message.tool_calls;
  Weather.parse(JSON.parse(call.function.arguments));
  const result = { role: "tool", tool_call_id: call.id, content: '{"sky": "clear"}' };
  const messages = [...say(QUESTION), asked.message, result];
  const told = await completions.create(forced(lab, { messages, tool_choice: "none", max_tokens: 20 }));
  assert.ok(told.choices[0].message.content);
}

/** `.parse()` makes values of the arguments. */
export async function parse_reads_the_arguments(lab) {
  const answer = await connect(lab).chat.completions.parse(forced(lab));
  Weather.parse(answer.choices[0].message.tool_calls[0].function.parsed_arguments);
}

/** Raw chunks: id, type and name once and first, then arguments in pieces. */
export async function streamed_deltas_make_a_call(lab) {
  const chunks = await all(await connect(lab).chat.completions.create(forced(lab, { stream: true })));
  const [first, ...rest] = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.equal(first.index, 0);
  assert.ok(first.id);
  assert.equal(first.function.name, "get_weather");
  assert.ok(rest.length > 1);
  assert.ok(rest.every((piece) => piece.index === 0 && !piece.id && !piece.function.name));
  Weather.parse(JSON.parse([first, ...rest].map((piece) => piece.function.arguments ?? "").join("")));
  assert.equal(chunks.at(-1).choices[0].finish_reason, "tool_calls");
}

/** The helper: its final call, and its values. */
export async function the_stream_helper_reads_calls(lab) {
  const final = await connect(lab).chat.completions.stream(forced(lab)).finalChatCompletion();
  const [call] = final.choices[0].message.tool_calls;
  Weather.parse(call.function.parsed_arguments);
}

/** Three calls in one answer, streamed: three ids, three whole arguments. */
export async function parallel_calls_are_told_apart(lab) {
  const body = { model: lab.fault_model, messages: say("[[answer calls=3]] Weather?"), tools: [TOOL] };
  const final = await connect(lab).chat.completions.stream(body).finalChatCompletion();
  const calls = final.choices[0].message.tool_calls;
  assert.equal(new Set(calls.map((call) => call.id)).size, 3);
  for (const call of calls) Weather.parse(JSON.parse(call.function.arguments));
}

/** The SDK's own loop calls our function and sends its result, plain and streamed, until words come. */
export async function the_tool_runner_comes_to_its_end(lab) {
  for (const stream of [false, true]) {
    const asked = [];
    const tool = {
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather of a city.",
        parameters: TOOL.function.parameters,
        parse: JSON.parse,
        function: (place) => asked.push(Weather.parse(place)) && "clear",
      },
    };
    const body = { model: lab.fault_model, messages: say("[[answer calls=2]] Weather?"), tools: [tool], stream };
    const runner = connect(lab).chat.completions.runTools(body);
    assert.ok(await runner.finalContent());
    assert.equal(asked.length, 2);
  }
}
