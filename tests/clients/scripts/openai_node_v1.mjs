// What is /v1's own, with the official Node SDK: the models.

import assert from "node:assert/strict";

import { all, connect } from "./openai_node_connect.mjs";

/** All models, and one by a name with a slash, which the SDK writes as %2F. */
export async function models_are_listed_and_retrieved(lab) {
  const { models } = connect(lab);
  const names = (await all(models.list())).map((model) => model.id);
  for (const name of [lab.model, lab.vision_model, lab.fault_model, lab.down_model]) assert.ok(names.includes(name));
  assert.equal((await models.retrieve(lab.model)).object, "model");
}
