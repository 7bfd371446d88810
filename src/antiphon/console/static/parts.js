// The pieces that pages are made of: headings, fields, badges, what to copy, what to say where there is nothing.

import { h, replace } from "./dom.js";
import { fail } from "./notices.js";

const COPIED_MS = 1500;

/** A page's head: its title, a sentence, and what can be done here. */
export function heading(title, sentence, ...actions) {
  return h(
    "header",
    { class: "heading" },
    h("div", {}, h("h1", {}, title), sentence ? h("p", { class: "muted" }, sentence) : null),
    actions.length > 0 ? h("div", { class: "actions" }, actions) : null,
  );
}

/** A button; `kind` is `primary`, `danger`, `quiet` or nothing. What its action throws is shown. */
export function button(text, action, { kind = "", ...rest } = {}) {
  const element = h("button", { type: "button", class: kind, ...rest }, text);
  element.addEventListener("click", async (event) => {
    try {
      await action(event);
    } catch (error) {
      fail(error);
    }
  });
  return element;
}

/** A labelled control, with a hint below it. */
export function field(label, control, hint = null) {
  return h(
    "label",
    { class: "field" },
    h("span", {}, label),
    control,
    hint ? h("small", { class: "muted" }, hint) : null,
  );
}

/** A choice among `[value, text]` pairs or plain texts. */
export function select(options, value, properties = {}) {
  const made = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const element = h(
    "select",
    properties,
    made.map(([id, text]) => h("option", { value: id }, text)),
  );
  if (value !== undefined && value !== null) element.value = value;
  return element;
}

/** A state in one word; `kind` is `good`, `warn`, `bad`, `accent` or nothing. */
export function badge(text, kind = "") {
  return h("span", { class: `badge ${kind}` }, text);
}

/** A text with a button that copies it. */
export function copyable(text, shown = text) {
  return h(
    "span",
    { class: "copyable" },
    h("code", {}, shown),
    copier(() => text),
  );
}

/** A block of code or a command, with a button that copies it. */
export function codeBlock(text, label = "Code") {
  return h(
    "div",
    { class: "code-block" },
    h("pre", { tabindex: "0", "aria-label": label }, h("code", {}, text)),
    copier(() => text),
  );
}

/** A button that copies what `text` gives. */
export function copier(text) {
  const element = button(
    "Copy",
    async () => {
      await navigator.clipboard.writeText(text());
      replace(element, "Copied");
      setTimeout(() => replace(element, "Copy"), COPIED_MS);
    },
    { kind: "quiet copy" },
  );
  return element;
}

/** What a page says where it has nothing to show: why, and the very command that changes it. */
export function empty(title, sentence, command = null) {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, title),
    h("p", { class: "muted" }, sentence),
    command ? codeBlock(command, "Command") : null,
  );
}

/** A figure with its name, for rows of them at the head of a page. */
export function figure(name, value, note = null) {
  return h(
    "div",
    { class: "figure" },
    h("dt", {}, name),
    h("dd", {}, value, note ? h("small", { class: "muted" }, note) : null),
  );
}

/** A row of figures. */
export function figures(...children) {
  return h("dl", { class: "figures" }, children);
}

/** A refusal in the place of what could not be shown. */
export function failure(error) {
  return h(
    "div",
    { class: "empty failed", role: "alert" },
    h("h2", {}, "This could not be shown"),
    h("p", {}, error.message),
  );
}
