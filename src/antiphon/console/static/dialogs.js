// Modal questions, on the browser's own dialog: focus stays inside, Escape leaves.

import { add, h } from "./dom.js";
import { fail } from "./notices.js";

/**
 * Ask with a form. `content` are its fields; `submit` is called with them and may refuse by throwing, which is shown
 * and lets the user try again. Ends with what `submit` gave, or null when the user left.
 */
export function ask({ title, content = [], action = "OK", danger = false, submit = async () => true, signal }) {
  return new Promise((resolve) => {
    let answer = null;
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const confirm = h("button", { type: "submit", class: danger ? "danger" : "primary" }, action);
    const cancel = h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel");
    const form = h("form", {}, content, error, h("div", { class: "actions" }, cancel, confirm));
    const dialog = opened(title, form, signal, () => resolve(answer));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      confirm.disabled = true;
      try {
        answer = await submit(form);
        dialog.close();
      } catch (refusal) {
        error.textContent = refusal.message;
        error.hidden = false;
      } finally {
        confirm.disabled = false;
      }
    });
  });
}

/** Ask whether to go on; true when the user said so. */
export async function confirm({ title, text, action, danger = true, signal }) {
  return (await ask({ title, content: [h("p", {}, text)], action, danger, signal })) !== null;
}

/** Show something until the user closes it. */
export function show({ title, content, wide = false, signal }) {
  return new Promise((resolve) => {
    const close = h("button", { type: "button", class: "primary", on: { click: () => dialog.close() } }, "Close");
    const dialog = opened(title, h("div", {}, content, h("div", { class: "actions" }, close)), signal, resolve);
    dialog.classList.toggle("wide", wide);
  });
}

function opened(title, body, signal, closed) {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), body);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  signal?.addEventListener("abort", () => dialog.close(), { once: true });
  add(document.body, dialog);
  try {
    dialog.showModal();
  } catch (error) {
    fail(error);
  }
  return dialog;
}
