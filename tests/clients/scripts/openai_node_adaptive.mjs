// What is Adaptive Engine's own, with the official Node SDK.

import assert from "node:assert/strict";
import OpenAI from "openai";

import { all, connect, failure, refused, say } from "./openai_node_connect.mjs";
import { idOf } from "./scenario.mjs";

const ASKED = "Say hi.";
const FEW_TOKENS = 12;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A session, and an id and a model in each choice; the project alone has a model of its own. */
export async function an_answer_has_adaptives_shape(lab) {
  const body = { model: lab.project, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const answer = await connect(lab).chat.completions.create(body);
  assert.match(answer.session_id, UUID);
  assert.match(answer.choices[0].completion_id, UUID);
  assert.equal(answer.choices[0].model, idOf(lab, lab.model));
}

/** `X-Wire: exact`, plain, in chunks and by the helper, which puts a role that is empty in later chunks together. */
export async function the_documented_shape_can_be_read(lab) {
  const { completions } = connect(lab, { defaultHeaders: { "X-Wire": "exact" } }).chat;
  const body = { model: lab.fault_model, messages: say(ASKED), max_tokens: FEW_TOKENS };
  const text = (await completions.create(body)).choices[0].message.content;
  const chunks = await all(await completions.create({ ...body, stream: true }));
  assert.ok(chunks.every((chunk) => !("object" in chunk) && !("model" in chunk)));
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content).join(""), text);
  assert.equal(await completions.stream(body).finalContent(), text);
}

/** 401, 400, 404 and 503, streamed or not; the sentence is the error. */
export async function refusals_have_their_classes(lab) {
  for (const stream of [false, true]) {
    await refused(lab, OpenAI.AuthenticationError, { stream }, { apiKey: "sk-wrong" });
    const bad = await refused(lab, OpenAI.BadRequestError, { temperature: 3, stream });
    assert.match(bad.message, /temperature/);
    const unknown = await refused(lab, OpenAI.NotFoundError, { model: "nobody/nothing", stream });
    assert.match(unknown.message, /EntityNotFound: project/);
    await refused(lab, OpenAI.InternalServerError, { model: lab.down_model, stream });
  }
}

/** An error event after good tokens, out of the raw stream and out of the helper. */
export async function a_stream_that_breaks_is_an_api_error(lab) {
  const { completions } = connect(lab).chat;
  const body = { model: lab.fault_model, messages: say("[[fault:close k=3]] Hi.") };
  await failure(OpenAI.APIError, completions.create({ ...body, stream: true }).then(all));
  await failure(OpenAI.APIError, completions.stream(body).finalChatCompletion());
}
