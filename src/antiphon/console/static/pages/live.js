// Live requests: the latest thousand as they go on, each with its waterfall, and one of them in full.

import { add, h, replace } from "../dom.js";
import { count, time } from "../format.js";
import { detail, kept } from "../live/detail.js";
import { Feed } from "../live/feed.js";
import { List } from "../live/list.js";
import { NodeNames } from "../live/nodes.js";
import { goesOn, PHASES } from "../live/phases.js";
import { button, empty, heading, select } from "../parts.js";

const TICK_MS = 250; // bars of running requests grow this often while nothing else is told
const COMMAND = `curl ${location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer $ANTIPHON_API_KEY" -H "Content-Type: application/json" \\
  -d '{"model": "MODEL", "messages": [{"role": "user", "content": "Hello"}]}'`;
const NONE = "Requests are noted while somebody looks. Send one, and it appears here as it begins.";
const GONE = "It is not among the latest requests, or nobody looked while it went on.";
const STATES = [
  ["", "All states"],
  ["running", "Running"],
  ["ended", "Ended"],
  ["failed", "Failed or refused"],
];

/** Follow the requests that the account may see. */
export async function open(view, { session, params, signal, ended }) {
  const page = new Live(view, session, params[0] ?? null, AbortSignal.any([signal, ended]));
  await page.feed.follow();
}

class Live {
  constructor(view, session, wanted, signal) {
    this.session = session;
    this.signal = signal;
    this.wanted = wanted; // the id of the request whose panel is open
    this.shownState = null;
    this.paused = false;
    this.feed = new Feed({ signal, changed: () => this.show() });
    this.nodes = new NodeNames(session, signal);
    this.list = new List({ opened: (request) => this.openPanel(request), nodeName: this.nodes.name, signal });
    this.text = h("input", {
      type: "search",
      placeholder: "Model, key, node or id",
      "aria-label": "Filter",
      on: { input: () => this.show() },
    });
    this.state = select(STATES, "", { "aria-label": "State", on: { change: () => this.show() } });
    this.pausing = button("Pause", () => this.pause(), { "aria-pressed": "false" });
    this.status = h("p", { class: "muted number" }, "Connecting …");
    this.panel = h("aside", { class: "panel", "aria-label": "Request", hidden: true });
    this.nothing = h("div", { hidden: true });
    add(view, this.made());
    const timer = setInterval(() => this.tick(), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  made() {
    const whose = this.session.admin
      ? "Of all accounts: times, nodes and money, nothing of what was said."
      : "Of your account: times, nodes and money, nothing of what was said.";
    return [
      heading("Live requests", whose, this.text, this.state, this.pausing),
      h("div", { class: "live-bar" }, this.status, key()),
      h(
        "div",
        { class: "live-columns" },
        h("div", { class: "live-list" }, this.list.element, this.nothing),
        this.panel,
      ),
    ];
  }

  /** Show what the feed has now, unless the user paused. */
  show() {
    const { feed } = this;
    const running = feed.requests.filter(goesOn).length;
    const since = feed.since ? ` since ${time(feed.since / 1000)}` : "";
    const state = feed.connected ? "" : " · reconnecting …";
    this.status.textContent = `${count(feed.requests.length)} requests${since} · ${count(running)} running${state}`;
    if (!this.paused) this.list.show(this.filtered(), feed.now());
    const none = feed.requests.length === 0;
    if (none && this.nothing.childElementCount === 0) add(this.nothing, empty("No request yet", NONE, COMMAND));
    this.nothing.hidden = !none;
    this.list.element.hidden = none;
    this.showPanel();
  }

  filtered() {
    const text = this.text.value.trim().toLowerCase();
    const state = this.state.value;
    if (text === "" && state === "") return this.feed.requests;
    return this.feed.requests.filter(
      (one) => matches(one, text, this.nodes.name) && (state === "" || inState(one, state)),
    );
  }

  tick() {
    if (document.hidden || this.paused || !this.feed.requests.some(goesOn)) return;
    this.list.now = this.feed.now();
    this.list.fill();
    this.showPanel();
  }

  pause() {
    this.paused = !this.paused;
    this.pausing.textContent = this.paused ? "Go on" : "Pause";
    this.pausing.setAttribute("aria-pressed", String(this.paused));
    this.show();
  }

  openPanel(request) {
    this.wanted = request.id;
    this.shownState = null;
    history.replaceState(null, "", `#/live/${encodeURIComponent(request.answer_id || request.request_id)}`); // an address to give to somebody
    this.showPanel();
    this.panel.querySelector("button")?.focus();
  }

  closePanel() {
    this.wanted = null;
    history.replaceState(null, "", "#/live");
    this.panel.hidden = true;
    this.list.element.focus();
  }

  showPanel() {
    if (this.wanted === null) return;
    const request = this.feed.find(this.wanted);
    if (request === undefined) this.showGone();
    else this.showRequest(request);
  }

  showRequest(request) {
    const told = JSON.stringify([request, goesOn(request) ? this.feed.now() : 0]);
    if (told === this.shownState) return;
    const first = this.shownState === null || this.shownState === GONE;
    this.shownState = told;
    if (first) this.layPanel();
    replace(this.facts, detail(request, { now: this.feed.now(), nodeName: this.nodes.name, session: this.session }));
    if (first || (this.wasRunning && !goesOn(request)))
      this.loadHistory(request.answer_id || request.request_id, goesOn(request));
    this.wasRunning = goesOn(request);
  }

  /** What an address names may be older than the list: what is kept of it is shown all the same. */
  showGone() {
    if (this.shownState !== null || !this.feed.connected) return;
    this.shownState = GONE;
    this.layPanel();
    replace(this.facts, h("p", { class: "muted" }, GONE));
    this.loadHistory(this.wanted, false);
  }

  layPanel() {
    this.facts = h("div", { class: "stack" });
    this.history = h("div", { class: "stack" });
    const close = button("Close", () => this.closePanel(), { kind: "quiet" });
    replace(
      this.panel,
      h("header", {}, h("h2", {}, "Request"), close),
      this.facts,
      h("h3", {}, "What is kept"),
      this.history,
    );
    this.panel.hidden = false;
  }

  async loadHistory(id, running) {
    const { history: place } = this;
    if (running) {
      replace(place, h("p", { class: "muted" }, "What is kept stands here once the request has ended."));
      return;
    }
    try {
      replace(place, await kept(id, this.signal));
    } catch (error) {
      const nothing = "Nothing is kept of it: it was not charged, and its project stores no completions.";
      if (!this.signal.aborted)
        replace(place, h("p", { class: "muted" }, error.status === 404 ? nothing : error.message));
    }
  }
}

function key() {
  return h(
    "ul",
    { class: "phase-key", "aria-label": "Colours" },
    Object.entries(PHASES).map(([kind, name]) => h("li", {}, h("i", { class: kind }), name)),
  );
}

function matches(request, text, nodeName) {
  if (text === "") return true;
  const where = [
    request.answer_id,
    request.request_id,
    request.model,
    request.key,
    request.account,
    ...request.attempts.map((one) => nodeName(one.node)),
  ];
  return where.some((one) => one?.toLowerCase().includes(text));
}

function inState(request, state) {
  if (state === "running") return goesOn(request);
  return state === "ended" ? request.state === "ended" : request.state === "failed" || request.state === "refused";
}
