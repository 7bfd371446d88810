// A request's life as stretches of time: planned, in the queue, until the first token, written, settled. Pure.

/** What each stretch is called. */
export const PHASES = {
  planning: "Planning",
  queue: "Queue",
  prefill: "Prefill",
  writing: "Generating",
  settling: "Settling",
};

const WORDS = {
  waiting: ["queued", "warn"],
  prefill: ["prefill", "accent"],
  generating: ["generating", "accent"],
  ended: ["ended", "good"],
  failed: ["failed", "bad"],
  refused: ["refused", "bad"],
};

/** A state's word and its colour. */
export function word(state) {
  return WORDS[state] ?? [state, ""];
}

/** Whether a request still goes on. */
export function goesOn(request) {
  return request.state === "waiting" || request.state === "prefill" || request.state === "generating";
}

/** How long a request has taken so far, in ms. */
export function taken(request, now) {
  return request.ended_ms ?? Math.max(0, now - request.began_at_ms);
}

/** How far its bar reaches: to its end, or to the settlement behind it. */
export function reach(request, now) {
  return Math.max(taken(request, now), request.settled_ms ?? 0);
}

/** The stretches as `{kind, from, to}`, in ms after the request began; those of no length are left out. */
export function phases(request, now) {
  const end = taken(request, now);
  const placed = Math.min(request.placed_ms ?? end, end);
  const queued = Math.min(request.queued_ms ?? placed, placed);
  // Of a plain answer nobody is told when its first token came: it counts as written from the beginning.
  const first = Math.min(request.first_token_ms ?? (request.streamed ? end : placed), end);
  const made = [
    { kind: "planning", from: 0, to: queued },
    { kind: "queue", from: queued, to: placed },
    { kind: "prefill", from: placed, to: Math.max(placed, first) },
    { kind: "writing", from: Math.max(placed, first), to: end },
    { kind: "settling", from: end, to: request.settled_ms ?? end },
  ];
  return made.filter((one) => one.to > one.from);
}

/** A round length of time that `most` fits in, so that bars of one list can be compared. */
export function span(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 5, 10].map((times) => times * size).find((one) => one >= most);
}
