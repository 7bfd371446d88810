// Parts of a page that follow what the gateway knows, for as long as the page is open. They rest while nobody sees them.

import { h, replace } from "./dom.js";
import { fail } from "./notices.js";

const REST = 10; // times as long as the work took

/**
 * Keep `element` filled with what `show` makes of what `load` gives: now, where a failure is the caller's, and every
 * `seconds` until `signal` is aborted. What has not changed is left alone, and so is the focus. Ends after the first time;
 * gives a function that looks again at once.
 */
export async function watch(element, { seconds, signal, load, show }) {
  let seen = null;
  if (element.childElementCount === 0) replace(element, h("p", { class: "muted", role: "status" }, "Loading …"));
  const look = async () => {
    const found = await load();
    const text = JSON.stringify(found);
    if (signal.aborted || text === seen) return;
    seen = text;
    keepingFocus(element, () => replace(element, show(found)));
  };
  await look();
  repeat(seconds, signal, look);
  return look;
}

/**
 * Do `work` every `seconds` until `signal` is aborted, and less often where it takes long: what is costly to make is not
 * asked for all the time. A failure is told once, until it succeeds again.
 */
export async function repeat(seconds, signal, work) {
  let told = false;
  let rest = seconds;
  for (await pause(rest, signal); !signal.aborted; await pause(rest, signal)) {
    if (document.hidden) continue;
    const began = performance.now();
    try {
      await work();
      told = false;
    } catch (error) {
      if (!told && !signal.aborted) fail(error);
      told = true;
    }
    rest = Math.max(seconds, (REST * (performance.now() - began)) / 1000);
  }
}

/** Wait so long, or until `signal` is aborted. */
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    const ended = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", ended);
      resolve();
    };
    const timer = setTimeout(ended, seconds * 1000);
    signal?.addEventListener("abort", ended);
  });
}

/** Whoever stands on a link or a button by keyboard stands on the same one afterwards. */
function keepingFocus(element, change) {
  const held = element.contains(document.activeElement) ? place(document.activeElement) : null;
  change();
  if (held === null) return;
  const again = [...element.querySelectorAll(held.tag)].filter((one) => place(one).name === held.name)[0];
  again?.focus({ preventScroll: true });
}

function place(element) {
  const name = element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent;
  return { tag: element.tagName.toLowerCase(), name };
}
