// What a request asks for besides its messages: sampling, tools, a schema. A form that reads as request fields.

import { h } from "../dom.js";
import { button, field, select } from "../parts.js";

const NUMBERS = [
  ["temperature", "Temperature", { min: 0, max: 2, step: 0.1 }],
  ["top_p", "Top p", { min: 0, max: 1, step: 0.05 }],
  ["max_tokens", "Max tokens", { min: 1, step: 1 }],
  ["seed", "Seed", { step: 1 }],
];
const TOOLS = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "The weather in a city.",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, population: { type: "integer" } },
  required: ["city", "population"],
  additionalProperties: false,
};

/** The form. `system()` is the system prompt, `read()` the fields; it throws with a sentence where one is no good. */
export class Options {
  constructor() {
    this.systemText = h("textarea", { rows: 3, placeholder: "You are …" });
    this.numbers = NUMBERS.map(([name, title, bounds]) => [
      name,
      title,
      h("input", { type: "number", placeholder: "default", inputmode: "decimal", ...bounds }),
    ]);
    this.effort = select([["", "default"], "none", "low", "medium", "high"], "");
    this.tools = jsonText("Tools");
    this.choice = select([["", "auto"], "none", "required"], "");
    this.schema = jsonText("JSON schema");
    this.streamed = h("input", { type: "checkbox", checked: true });
    this.element = this.made();
  }

  /** The system prompt; empty where there is none. */
  system() {
    return this.systemText.value.trim();
  }

  /** The request's fields besides model and messages. */
  read() {
    const fields = this.streamed.checked ? { stream: true, stream_options: { include_usage: true } } : {};
    for (const [name, title, input] of this.numbers) {
      if (!input.checkValidity()) throw new Error(`${title}: ${input.validationMessage}`);
      if (input.value !== "") fields[name] = Number(input.value);
    }
    if (this.effort.value !== "") fields.reasoning_effort = this.effort.value;
    const tools = parsed("Tools", this.tools.value);
    if (tools !== null) fields.tools = Array.isArray(tools) ? tools : [tools];
    if (tools !== null && this.choice.value !== "") fields.tool_choice = this.choice.value;
    const schema = parsed("JSON schema", this.schema.value);
    if (schema !== null) fields.response_format = { type: "json_schema", json_schema: { name: "answer", schema } };
    return fields;
  }

  made() {
    return h(
      "div",
      { class: "options" },
      field("System prompt", this.systemText),
      h(
        "div",
        { class: "pairs" },
        this.numbers.map(([, title, input]) => field(title, input)),
        field("Reasoning", this.effort),
      ),
      section("Tools", this.tools, TOOLS, field("Tool choice", this.choice)),
      section("JSON schema", this.schema, SCHEMA),
      h("label", { class: "check" }, this.streamed, "Stream the answer"),
    );
  }
}

function jsonText(label) {
  return h("textarea", { rows: 8, class: "code", spellcheck: "false", "aria-label": label });
}

function section(title, text, example, ...more) {
  const insert = button(
    "Insert an example",
    () => {
      text.value = JSON.stringify(example, null, 2);
      text.dispatchEvent(new Event("input"));
    },
    { kind: "quiet" },
  );
  const clear = button(
    "Clear",
    () => {
      text.value = "";
    },
    { kind: "quiet" },
  );
  return h("details", {}, h("summary", {}, title), text, more, h("div", { class: "actions" }, insert, clear));
}

function parsed(title, text) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${title}: this is no JSON (${error.message}).`);
  }
}
