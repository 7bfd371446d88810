// Plain chat, streams and images with the official Node SDK, at any door.

import assert from "node:assert/strict";

import { all, connect, say } from "./openai_node_connect.mjs";
import { idOf } from "./scenario.mjs";

const FEW_TOKENS = 12;
const USAGE = { include_usage: true };

/** Every documented field of an answer has its type, and the counts add up. */
export async function chat_answers(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: FEW_TOKENS };
  const { data: answer, request_id } = await connect(lab).chat.completions.create(body).withResponse();
  const [choice] = answer.choices;
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, idOf(lab, lab.model));
  assert.ok(Math.abs(answer.created - Date.now() / 1000) < 60);
  assert.equal(choice.message.role, "assistant");
  assert.ok(choice.message.content);
  assert.ok(["stop", "length"].includes(choice.finish_reason));
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  assert.match(request_id, /^req_/);
}

/** A role first, text in pieces, one reason. */
export async function raw_chunks_make_an_answer(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: FEW_TOKENS, stream: true };
  const chunks = await all(await connect(lab).chat.completions.create(body));
  const choices = chunks.map((chunk) => chunk.choices[0]);
  assert.equal(choices[0].delta.role, "assistant");
  assert.ok(choices.map((choice) => choice.delta.content ?? "").join(""));
  assert.equal(choices.filter((choice) => choice.finish_reason).length, 1);
}

/** To the letter, accents, astral characters, quotes and line breaks included; the helper says the same. */
export async function a_stream_says_what_a_plain_answer_says(lab) {
  const body = { model: lab.fault_model, messages: say("[[answer tokens=150]] Tell me all."), max_tokens: 200 };
  const { completions } = connect(lab).chat;
  const plain = (await completions.create(body)).choices[0].message.content;
  const chunks = await all(await completions.create({ ...body, stream: true }));
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), plain);
  assert.equal(await completions.stream(body).finalContent(), plain);
}

/** The helper's events and its final completion agree; it insists on a role and on one reason. */
export async function the_helper_puts_a_stream_together(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: FEW_TOKENS, stream_options: USAGE };
  const stream = connect(lab).chat.completions.stream(body);
  let heard = "";
  stream.on("content", (delta) => (heard += delta));
  const final = await stream.finalChatCompletion();
  const [choice] = final.choices;
  assert.equal(choice.message.role, "assistant");
  assert.ok(choice.message.content);
  assert.equal(heard, choice.message.content);
  assert.ok(["stop", "length"].includes(choice.finish_reason));
  assert.ok((await stream.totalUsage()).completion_tokens > 0);
}

/** Two choices in one stream: each with its role, its text and its end. */
export async function choices_are_interleaved(lab) {
  const body = { model: lab.fault_model, messages: say("Say two things."), max_tokens: 10, n: 2, seed: 5 };
  const { choices } = await connect(lab).chat.completions.stream(body).finalChatCompletion();
  assert.deepEqual(choices.map((choice) => choice.index), [0, 1]);
  assert.deepEqual(choices.map((choice) => choice.finish_reason), ["length", "length"]);
  assert.notEqual(choices[0].message.content, choices[1].message.content);
}

/** Three choices, all of them counted. */
export async function several_choices_are_counted(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: 4, n: 3 };
  const answer = await connect(lab).chat.completions.create(body);
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.ok(answer.usage.completion_tokens > 3 && answer.usage.completion_tokens <= 12);
}

/** One entry a token; together they are the text, plain and by the helper. */
export async function logprobs_fit_the_text(lab) {
  const body = { model: lab.model, messages: say("Say hi."), max_tokens: 6, logprobs: true, top_logprobs: 3 };
  const { completions } = connect(lab).chat;
  const plain = await completions.create(body);
  const streamed = await completions.stream(body).finalChatCompletion();
  for (const { choices: [choice] } of [plain, streamed]) {
    const entries = choice.logprobs.content;
    const text = Buffer.from(entries.flatMap((entry) => entry.bytes)).toString();
    assert.equal(text, choice.message.content);
    assert.ok(entries.every((entry) => entry.logprob <= 0 && entry.top_logprobs.length === 3));
  }
}

/** A data URL: the model names the colour. */
export async function a_picture_is_seen(lab) {
  const content = [
    { type: "image_url", image_url: { url: lab.red_image } },
    { type: "text", text: "What color is the image?" },
  ];
  const body = { model: lab.vision_model, messages: [{ role: "user", content }], max_tokens: 12, temperature: 0 };
  const answer = await connect(lab).chat.completions.create(body);
  assert.match(answer.choices[0].message.content.toLowerCase(), /red/);
}

/** Leaving a stream early aborts its request; the client is fit for the next one. */
export async function a_stream_can_be_left(lab) {
  const { completions } = connect(lab).chat;
  const slow = { model: lab.fault_model, messages: say("[[answer tokens=1000 delay_s=0.02]] Talk."), stream: true };
  for await (const chunk of await completions.create(slow)) {
    assert.ok(chunk.id);
    break;
  }
  const after = await completions.create({ model: lab.fault_model, messages: say("There?"), max_tokens: 3 });
  assert.equal(after.usage.completion_tokens, 3);
}
