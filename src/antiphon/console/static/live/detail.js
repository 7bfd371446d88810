// One request in full: its waterfall with every attempt, why it failed, and what is kept of it.

import { get, part } from "../api.js";
import { h } from "../dom.js";
import { count, date, duration, time, usdc } from "../format.js";
import { linkTo } from "../pages.js";
import { badge, copyable } from "../parts.js";
import { PHASES, phases, reach, span, taken, word } from "./phases.js";

// Where what was refused can be understood, by status.
const PLACES = {
  402: ["balance", "Look at the balance"],
  404: ["models", "Look at the models"],
  429: ["keys", "Look at the key's limits"],
  503: ["nodes", "Look at the nodes"],
};
const WAYS = { first: "First attempt", again: "Tried again", hedge: "Raced", continuation: "Continued" };

/** What a request's panel says to this session; `nodeName(id)` is how a node is called. */
export function detail(request, { now, nodeName, session }) {
  const [state, kind] = word(request.state);
  const most = span(reach(request, now));
  return [
    h("div", { class: "outcome" }, badge(state, kind), request.error ? explained(request, session) : null),
    h(
      "div",
      { class: "waterfall", role: "img", "aria-label": spoken(request, now) },
      bars(request, now, most, nodeName),
    ),
    h(
      "dl",
      { class: "pairs-list" },
      facts(request, now).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  ];
}

/** What is kept of a request, moment by moment, as `antiphon trace` tells it. */
export async function kept(id, signal) {
  const found = await get(`/v1/console/requests/${part(id)}`, { signal });
  return h("ol", { class: "moments" }, found.moments.map(moment));
}

function moment({ at_ms: atMs, source, what, details }) {
  const at = new Date(atMs);
  const told = Object.entries(details).filter(([, value]) => value !== null && value !== "");
  return h(
    "li",
    {},
    h(
      "time",
      { datetime: at.toISOString(), class: "muted number" },
      `${time(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`,
    ),
    badge(source),
    h("span", {}, what),
    told.length > 0
      ? h("small", { class: "muted" }, told.map(([name, value]) => `${name} ${written(value)}`).join(" · "))
      : null,
  );
}

function written(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A refusal or failure in the gateway's words, and what to do about it where that is plain. */
function explained({ error, status }, session) {
  const [page, text] = PLACES[status] ?? [];
  const next = linkTo(session, page, text);
  return h("p", { class: "error" }, error.message, " ", h("code", {}, error.code), next ? [" ", next] : null);
}

function bars(request, now, most, nodeName) {
  const own = phases(request, now).map(({ kind, from, to }) => bar(PHASES[kind], kind, from, to, most));
  const attempts = request.attempts.map((attempt) => {
    const to = attempt.ended_ms ?? taken(request, now);
    const failed = attempt.failure !== null;
    const name = `${WAYS[attempt.kind] ?? attempt.kind} · ${nodeName(attempt.node) || "no node yet"}`;
    const made = bar(name, failed ? "attempt failed" : "attempt", attempt.began_ms, to, most);
    return [made, failed ? h("p", { class: "why error" }, attempt.reason ?? attempt.failure) : null];
  });
  const all = attempts.length + (request.attempts_left_out ?? 0);
  return [own, all > 0 ? h("h3", {}, all > 1 ? `${all} attempts` : "1 attempt") : null, attempts];
}

function bar(name, kind, from, to, most) {
  const share = (ms) => `${((ms / most) * 100).toFixed(2)}%`;
  return h(
    "div",
    { class: "stretch" },
    h("span", { class: "name" }, name),
    h(
      "span",
      { class: "track" },
      h("i", { class: kind, style: { left: share(from), width: share(Math.max(0, to - from)) } }),
    ),
    h("span", { class: "numeric number" }, duration(to - from)),
  );
}

function facts(request, now) {
  const tokens = request.completion_tokens;
  const writing = request.first_token_ms === null ? 0 : (taken(request, now) - request.first_token_ms) / 1000;
  return [
    ["Request", copyable(request.request_id)],
    request.answer_id ? ["Answer", copyable(request.answer_id)] : null,
    ["Began", date(request.began_at_ms / 1000)],
    ["Model", request.model || "–"],
    ["Door", [request.door, request.operation].filter(Boolean).join(" · ") || "–"],
    ["Account", request.account],
    ["Key", request.key || "–"],
    ["Streamed", request.streamed ? "yes" : "no"],
    [
      "Tokens",
      tokens === null
        ? "–"
        : `${count(request.prompt_tokens)} (${count(request.cached_tokens ?? 0)} cached) → ${count(tokens)}`,
    ],
    tokens > 1 && writing > 0 ? ["Speed", `${(tokens / writing).toFixed(1)} tokens/s`] : null,
    ["Charged", charged(request)],
  ].filter(Boolean);
}

function charged({ ledger, charged_micro_usdc: micro }) {
  if (ledger === null) return "not charged: the key is the operator's";
  return micro === null ? "nothing yet" : `${usdc(micro)} ${ledger === "DEV" ? "play USDC" : "USDC"}`;
}

function spoken(request, now) {
  return (
    phases(request, now)
      .map(({ kind, from, to }) => `${PHASES[kind]} ${duration(to - from)}`)
      .join(", ") || "Just begun"
  );
}
