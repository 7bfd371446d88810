// The latest requests, kept as the gateway tells of them. One change is told for all that arrived in a frame.

import { ApiError, stream } from "../api.js";

const KEPT = 1000;
const RETRY_MS = [500, 1000, 2000, 5000];

/** Follows the gateway until `signal` is aborted. `requests` has the newest first. */
export class Feed {
  constructor({ signal, changed }) {
    this.signal = signal;
    this.changed = changed;
    this.byId = new Map();
    this.requests = [];
    this.ahead = 0; // how far the gateway's clock is before ours, in ms
    this.since = null; // all that came later was noted, of what came before only some
    this.connected = false;
    this.frame = null;
  }

  /** Follow, again and again: the gateway ends the stream now and then, and tells all anew. */
  async follow() {
    for (let failures = 0; !this.signal.aborted; failures += 1) {
      try {
        for await (const event of stream("/v1/console/live", { signal: this.signal })) {
          failures = 0;
          this.take(JSON.parse(event.data));
        }
      } catch (error) {
        if (this.signal.aborted) return;
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      }
      this.told(false);
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], this.signal);
    }
  }

  /** The gateway's time now. */
  now() {
    return Date.now() + this.ahead;
  }

  /** One request by any of its ids, while it is kept. */
  find(id) {
    return this.byId.get(id) ?? this.requests.find((one) => one.answer_id === id || one.request_id === id);
  }

  take({ now_ms: nowMs, since_ms: sinceMs, first, requests }) {
    this.ahead = nowMs - Date.now();
    this.since = sinceMs;
    let came = first;
    if (first) this.byId.clear(); // a stream that came again tells all anew
    for (const request of requests) {
      came ||= !this.byId.has(request.id);
      this.byId.set(request.id, request);
    }
    if (came) this.order();
    else this.requests = this.requests.map((one) => this.byId.get(one.id));
    this.told(true);
  }

  order() {
    const newest = [...this.byId.values()].sort((one, other) => other.began_at_ms - one.began_at_ms);
    for (const old of newest.splice(KEPT)) this.byId.delete(old.id);
    this.requests = newest;
  }

  told(connected) {
    this.connected = connected;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.signal.aborted) this.changed();
    });
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
