// Short sentences in the corner, which a screen reader reads out too.

import { add, h } from "./dom.js";

const SHOWN_MS = 5000;
const ERROR_MS = 12_000;

/** Say that something was done. */
export function say(text) {
  show(text, "done", SHOWN_MS);
}

/** Say what went wrong, in the gateway's own words. */
export function fail(error) {
  if (error?.name === "AbortError") return; // the user left or stopped: that is no failure
  show(error?.message ?? String(error), "failed", ERROR_MS);
}

function show(text, kind, forMs) {
  const notice = h("div", { class: `notice ${kind}` }, h("p", {}, text));
  const close = h(
    "button",
    { type: "button", class: "quiet", "aria-label": "Dismiss", on: { click: () => notice.remove() } },
    "×",
  );
  add(document.getElementById("notices"), add(notice, close));
  setTimeout(() => notice.remove(), forMs);
}
