// One answer as it comes: thoughts, text, calls of tools, and at the end what it took.

import { add, h, replace } from "../dom.js";
import { count, duration, rough, usdc } from "../format.js";
import { linkTo } from "../pages.js";
import { badge, field } from "../parts.js";
import { Prose } from "../prose.js";

const SPEED_S = 0.05; // an answer that took less came in one piece: it has no speed

/** Gathers what an answer says, and shows it once a frame, however fast it comes. */
export class Answer {
  constructor(session, model) {
    this.session = session;
    this.thoughts = "";
    this.text = "";
    this.calls = [];
    this.finish = null;
    this.usage = null;
    this.id = null;
    this.sentAt = performance.now();
    this.firstAt = null;
    this.pending = "";
    this.frame = null;
    this.body = h("div", { class: "prose" });
    this.prose = new Prose(this.body);
    this.thinking = h("details", { class: "thoughts", hidden: true }, h("summary", {}, "Reasoning"), h("p", {}));
    this.tools = h("div", { class: "calls" });
    this.foot = h("footer", { class: "muted number" });
    this.element = h(
      "article",
      { class: "turn assistant", "aria-busy": "true", "aria-label": `Answer of ${model}` },
      this.thinking,
      this.body,
      this.tools,
      this.foot,
    );
  }

  /** Take a chunk of a stream, or a whole answer: they differ in one name. */
  take(chunk) {
    if (chunk.error) throw new Error(chunk.error.message ?? chunk.error);
    this.id = chunk.id ?? this.id;
    this.usage = chunk.usage ?? this.usage;
    const choice = chunk.choices?.[0];
    if (choice === undefined) return;
    this.finish = choice.finish_reason ?? this.finish;
    const said = choice.delta ?? choice.message ?? {};
    const thoughts = said.reasoning_content ?? "";
    if (this.firstAt === null && (said.content || thoughts || said.tool_calls)) this.firstAt = performance.now();
    this.thoughts += thoughts;
    this.text += said.content ?? "";
    this.pending += said.content ?? "";
    for (const call of said.tool_calls ?? []) this.call(call);
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  /** The answer has ended: with a finish reason, stopped by the user, or by an error. */
  end(error = null) {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.show();
    this.element.setAttribute("aria-busy", "false");
    if (error?.name === "AbortError") add(this.foot, badge("stopped", "warn"));
    else if (error !== null) add(this.body, refusal(this.session, error));
    else if (this.finish !== "stop" && this.finish !== null)
      add(this.foot, badge(this.finish, this.finish === "length" ? "warn" : ""));
    add(this.foot, h("span", {}, this.figures()));
    if (this.id !== null) add(this.foot, h("a", { href: `#/live/${encodeURIComponent(this.id)}` }, "waterfall"));
  }

  /** Say what it was charged. */
  charged(microUsdc, ledger) {
    add(this.foot, h("span", {}, `${usdc(microUsdc)} ${ledger === "DEV" ? "play USDC" : "USDC"}`));
  }

  /** The message that the conversation goes on with. */
  message() {
    const calls = this.calls.length > 0 ? { tool_calls: this.calls } : {};
    return { role: "assistant", content: this.text === "" && this.calls.length > 0 ? null : this.text, ...calls };
  }

  /** Ask for what each called tool gave; `results` gets their messages. */
  askResults(results) {
    const inputs = this.calls.map(() => h("textarea", { rows: 2, placeholder: "What the tool gives back" }));
    const form = h(
      "form",
      {},
      this.calls.map((call, index) => field(`Result of ${call.function.name}`, inputs[index])),
      h("button", { type: "submit" }, this.calls.length > 1 ? "Send results" : "Send result"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const input of form.elements) input.disabled = true;
      results(this.calls.map((call, index) => ({ role: "tool", tool_call_id: call.id, content: inputs[index].value })));
    });
    add(this.tools, form);
  }

  call(part) {
    const index = part.index ?? this.calls.length;
    this.calls[index] ??= { id: "", type: "function", function: { name: "", arguments: "" } };
    const call = this.calls[index];
    call.id ||= part.id ?? "";
    call.function.name += part.function?.name ?? "";
    call.function.arguments += part.function?.arguments ?? "";
  }

  show() {
    this.frame = null;
    if (this.pending !== "") {
      this.prose.push(this.pending);
      this.pending = "";
    }
    if (this.thoughts !== "") {
      this.thinking.hidden = false;
      this.thinking.lastChild.textContent = this.thoughts;
    }
    if (this.calls.length > 0) replace(this.tools, this.calls.map(shownCall));
  }

  figures() {
    const now = performance.now();
    const tokens = this.usage?.completion_tokens;
    const writing = this.firstAt === null ? 0 : (now - this.firstAt) / 1000;
    const said = [
      this.firstAt === null ? null : `first token ${duration(this.firstAt - this.sentAt)}`,
      duration(now - this.sentAt),
    ];
    if (tokens !== undefined) said.push(`${count(this.usage.prompt_tokens)} → ${count(tokens)} tokens`);
    if (tokens > 1 && writing > SPEED_S) said.push(`${rough(tokens / writing)} tokens/s`);
    return said.filter(Boolean).join(" · ");
  }
}

/** A refusal in the gateway's words, with the page where it can be mended. */
function refusal(session, error) {
  const [page, text] = { 402: ["balance", "Top up"], 429: ["keys", "Look at the key's limits"] }[error.status] ?? [];
  return h("p", { class: "error", role: "alert" }, error.message, " ", linkTo(session, page, text));
}

function shownCall(call) {
  return h(
    "div",
    { class: "call" },
    badge("call", "accent"),
    h("code", {}, `${call.function.name}(${pretty(call.function.arguments)})`),
  );
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1).replace(/\n\s*/g, " ");
  } catch {
    return text;
  }
}
