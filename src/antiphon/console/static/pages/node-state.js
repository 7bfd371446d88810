// What a node is in one word, and the button that drains it.

import { part, patch } from "../api.js";
import { say } from "../notices.js";
import { button } from "../parts.js";

/** What a node is in one word: what its operator said of it comes before what is heard of it. */
export function condition(node) {
  if (node.state === "banned") return { text: "banned", kind: "bad" };
  if (node.presence === "gone")
    return { text: node.state === "drained" ? "drained, gone" : "gone", kind: node.state === "drained" ? "" : "bad" };
  if (node.state === "drained" || node.presence === "draining")
    return { text: node.running > 0 ? "draining" : "drained", kind: "warn" };
  return { text: "serving", kind: "good" };
}

/** Drain a node, or take it back: what runs goes on, and nothing new comes. */
export function drainButton(node, signal, look, kind = "quiet") {
  if (node.state === "banned") return null;
  const drained = node.state === "drained";
  const action = async () => {
    await patch(`/v1/nodes/${part(node.id)}`, { state: drained ? "active" : "drained" }, { signal });
    say(drained ? `${node.name} serves again.` : `${node.name} gets nothing new; what runs there goes on.`);
    await look();
  };
  return button(drained ? "Take back" : "Drain", action, {
    kind,
    "aria-label": `${drained ? "Take back" : "Drain"} ${node.name}`,
  });
}
