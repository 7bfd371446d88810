// Structured output with the official Node SDK at any door: zod schemas in, values out.

import assert from "node:assert/strict";
import { LengthFinishReasonError } from "openai/error";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

import { connect, say } from "./openai_node_connect.mjs";

const Fruit = z.object({
  name: z.enum(["apple", "pear", "plum"]),
  ripe: z.boolean(),
  grams: z.number().int().min(1).max(500),
  colour: z.enum(["red", "green"]).nullable(),
});
const Basket = z.object({ label: z.string().max(12), fruits: z.array(Fruit).min(1).max(2) });
const QUESTION = "Describe a red apple and a green pear.";

function wanted(lab, options = {}) {
  const response_format = zodResponseFormat(Basket, "basket");
  return { model: lab.model, messages: say(QUESTION), max_tokens: 160, response_format, ...options };
}

/** `.parse()` gives a value that the schema takes. */
export async function parse_returns_a_value(lab) {
  const answer = await connect(lab).chat.completions.parse(wanted(lab));
  assert.equal(answer.choices[0].finish_reason, "stop");
  Basket.parse(answer.choices[0].message.parsed);
}

/** The stream helper gives one too. */
export async function the_stream_helper_parses(lab) {
  const final = await connect(lab).chat.completions.stream(wanted(lab)).finalChatCompletion();
  Basket.parse(final.choices[0].message.parsed);
}

/** Too few tokens: the SDK's own error for `finish_reason: length`. */
export async function parse_says_that_the_answer_was_cut(lab) {
  const cut = connect(lab).chat.completions.parse(wanted(lab, { max_tokens: 4 }));
  await assert.rejects(cut, LengthFinishReasonError);
}
