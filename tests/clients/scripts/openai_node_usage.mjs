// Usage in streams, where it has to be asked for, with the official Node SDK.

import assert from "node:assert/strict";

import { all, connect, say } from "./openai_node_connect.mjs";

/** Last and alone when it is asked for, else in no chunk. */
export async function usage_comes_last_when_asked_for(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: 5, stream: true };
  const { completions } = connect(lab).chat;
  const chunks = await all(await completions.create({ ...body, stream_options: { include_usage: true } }));
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.completion_tokens > 0);
  assert.ok(chunks.every((chunk) => !chunk.usage));
  assert.ok((await all(await completions.create(body))).every((chunk) => !chunk.usage));
}
