// Text completions and embeddings with the official Node SDK, at any door.

import assert from "node:assert/strict";

import { all, connect } from "./openai_node_connect.mjs";

/** To the letter. */
export async function a_stream_says_what_a_plain_text_says(lab) {
  const body = { model: lab.fault_model, prompt: "Once upon a time", max_tokens: 30 };
  const { completions } = connect(lab);
  const chunks = await all(await completions.create({ ...body, stream: true }));
  const text = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.text)).join("");
  assert.equal(text, (await completions.create(body)).choices[0].text);
}

/** The SDK asks for base64 unless it is told otherwise, and makes numbers of it. */
export async function texts_are_embedded(lab) {
  const { embeddings } = connect(lab);
  const body = { model: lab.embedding_model, input: ["Oslo", "Rome"] };
  const made = await embeddings.create(body);
  const numbers = await embeddings.create({ ...body, encoding_format: "float" });
  assert.deepEqual(made.data.map((one) => one.index), [0, 1]);
  assert.deepEqual(made.data.map((one) => one.embedding), numbers.data.map((one) => one.embedding));
  assert.ok(made.usage.total_tokens > 0);
}
