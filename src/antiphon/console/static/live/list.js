// A list of any length of which only the visible rows exist. Rows are kept and filled anew, so a change costs no layout.

import { add, h } from "../dom.js";
import { count, duration, time, usdc } from "../format.js";
import { goesOn, PHASES, phases, reach, span, taken, word } from "./phases.js";

export const ROW = 34; // px; live.css has the same height
const SPARE = 4; // rows above and below what is visible
const SEGMENTS = Object.keys(PHASES);
const COLUMNS = [
  ["Began", "began"],
  ["State", "state"],
  ["Model", "model"],
  ["Key", "key"],
  ["Waterfall", "bar"],
  ["Nodes", "nodes"],
  ["Tokens", "tokens"],
  ["Time", "took"],
  ["USDC", "charged"],
];

/** The list. `opened(request)` is called for the row that the user opens; `nodeName(id)` is how a node is called. */
export class List {
  constructor({ opened, nodeName, signal }) {
    this.opened = opened;
    this.nodeName = nodeName;
    this.requests = [];
    this.active = null; // the id of the row that the keyboard is at
    this.rows = [];
    this.scale = h("span", {}, "");
    this.sheet = h("div", { class: "sheet", role: "rowgroup" });
    this.grid = h(
      "div",
      { class: "grid", role: "grid", tabindex: "0", "aria-label": "Requests, the newest first" },
      h(
        "div",
        { class: "request head", role: "row", "aria-rowindex": 1 },
        COLUMNS.map(([title, name]) => this.head(title, name)),
      ),
      this.sheet,
    );
    this.grid.addEventListener("scroll", () => this.fill(), { passive: true });
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.sheet.addEventListener("click", (event) => this.clicked(event));
    const sized = new ResizeObserver(() => this.fill());
    sized.observe(this.grid);
    signal.addEventListener("abort", () => sized.disconnect(), { once: true });
    this.element = this.grid;
  }

  /** Show these requests; who has scrolled down keeps looking at the same rows. */
  show(requests, now) {
    const top = this.grid.scrollTop;
    const anchor = top > 0 ? this.requests[Math.floor(top / ROW)] : undefined;
    this.requests = requests;
    this.now = now;
    this.sheet.style.height = `${requests.length * ROW}px`;
    this.grid.setAttribute("aria-rowcount", String(requests.length + 1));
    if (anchor !== undefined) {
      const index = requests.findIndex((one) => one.id === anchor.id);
      if (index >= 0) this.grid.scrollTop = index * ROW + (top % ROW);
    }
    this.fill();
  }

  /** Fill the rows that can be seen. */
  fill() {
    const { requests, grid } = this;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
    const visible = requests.slice(first, first + Math.ceil(grid.clientHeight / ROW) + 2 * SPARE);
    while (this.rows.length < visible.length) this.rows.push(this.added());
    const most = span(Math.max(1, ...visible.map((one) => reach(one, this.now))));
    set(this.scale, ` 0 – ${most < 1000 ? `${most} ms` : `${most / 1000} s`}`);
    this.rows.forEach((row, index) => {
      const request = visible[index];
      row.element.hidden = request === undefined;
      if (request !== undefined)
        row.show(request, first + index, {
          most,
          now: this.now,
          active: request.id === this.active,
          nodeName: this.nodeName,
        });
    });
    const at = this.rows.find((row) => !row.element.hidden && row.id === this.active);
    if (at === undefined) grid.removeAttribute("aria-activedescendant");
    else grid.setAttribute("aria-activedescendant", at.element.id);
  }

  added() {
    const row = new Row(this.rows.length);
    add(this.sheet, row.element);
    return row;
  }

  head(title, name) {
    return h("span", { class: name, role: "columnheader" }, title, name === "bar" ? this.scale : null);
  }

  clicked(event) {
    const id = event.target.closest(".request")?.dataset.id;
    const request = this.requests.find((one) => one.id === id);
    if (request === undefined) return;
    this.active = id;
    this.fill();
    this.opened(request);
  }

  key(event) {
    const at = this.requests.findIndex((one) => one.id === this.active);
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW) - 2);
    const moves = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.requests.length - 1,
    };
    if (event.key === "Enter" && at >= 0) {
      event.preventDefault(); // or it would press the button that gets the focus
      this.opened(this.requests[at]);
    }
    if (!(event.key in moves) || this.requests.length === 0) return;
    event.preventDefault();
    const next = Math.min(this.requests.length - 1, Math.max(0, moves[event.key]));
    this.active = this.requests[next].id;
    const top = next * ROW;
    const room = this.grid.clientHeight - 2 * ROW; // the head covers one row's height
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
    this.fill();
  }
}

/** One row on the screen, filled with one request after the other. */
class Row {
  constructor(number) {
    this.cells = Object.fromEntries(COLUMNS.map(([, name]) => [name, h("span", { class: name, role: "gridcell" })]));
    this.badge = add(this.cells.state, h("span", { class: "badge" })).lastChild;
    this.track = add(this.cells.bar, h("span", { class: "track" })).lastChild;
    this.segments = SEGMENTS.map((kind) => add(this.track, h("i", { class: kind })).lastChild);
    this.element = h("div", { class: "request", role: "row", id: `live-row-${number}` }, Object.values(this.cells));
    this.id = null;
  }

  show(request, index, { most, now, active, nodeName }) {
    const { cells, element } = this;
    this.id = request.id;
    element.dataset.id = request.id;
    element.style.transform = `translateY(${index * ROW}px)`;
    element.setAttribute("aria-rowindex", String(index + 2));
    element.setAttribute("aria-selected", String(active));
    const [state, kind] = word(request.state);
    set(this.badge, state);
    this.badge.className = `badge ${kind}`;
    set(cells.began, time(request.began_at_ms / 1000));
    set(cells.model, request.model || "–");
    set(cells.key, request.key || "–");
    set(cells.nodes, nodes(request, nodeName));
    set(
      cells.tokens,
      request.completion_tokens === null
        ? "–"
        : `${count(request.prompt_tokens)} → ${count(request.completion_tokens)}`,
    );
    set(cells.took, duration(taken(request, now)));
    set(cells.charged, request.charged_micro_usdc === null ? "–" : usdc(request.charged_micro_usdc));
    this.bars(phases(request, now), most);
    element.classList.toggle("running", goesOn(request));
  }

  bars(stretches, most) {
    this.segments.forEach((segment, index) => {
      const stretch = stretches.find((one) => one.kind === SEGMENTS[index]);
      const from = stretch === undefined ? 0 : stretch.from / most;
      const size = stretch === undefined ? 0 : (stretch.to - stretch.from) / most;
      segment.style.transform = `translateX(${(from * 100).toFixed(2)}%) scaleX(${size.toFixed(4)})`;
    });
  }
}

function nodes(request, nodeName) {
  const names = [...new Set(request.attempts.map((attempt) => nodeName(attempt.node)))].filter(Boolean);
  const failed = request.attempts.filter((attempt) => attempt.failure !== null).length;
  if (names.length === 0) return "–";
  return failed > 0 ? `${names.join(" → ")} (${failed} failed)` : names.join(" → ");
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
