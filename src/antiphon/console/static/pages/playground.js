// The playground: talk to a model, or to two side by side, and take the request away as code.

import { get } from "../api.js";
import { show } from "../dialogs.js";
import { add, h, replace } from "../dom.js";
import { fail } from "../notices.js";
import { button, codeBlock, empty, heading } from "../parts.js";
import { Composer } from "../playground/composer.js";
import { Lane } from "../playground/lane.js";
import { Options } from "../playground/options.js";
import { LANGUAGES } from "../playground/snippets.js";

const LANES_MAX = 2;
const kept = new WeakMap(); // by session: a conversation goes on while its user looks at other pages

/** Show the playground as the session left it. */
export async function open(view, { session, signal, ended }) {
  const models = (await get("/v1/models", { signal })).data.filter((model) => model.type !== "embedding");
  if (models.length === 0) {
    add(
      view,
      heading("Playground"),
      empty(
        "No model can be asked yet",
        "Serve one, and it appears here at once.",
        "antiphon serve --model hf:Qwen/Qwen3-0.6B-GGUF",
      ),
    );
    return;
  }
  if (!kept.has(session)) kept.set(session, new Playground(session, models, ended));
  const playground = kept.get(session);
  playground.offer(models);
  add(view, playground.element);
  for (const lane of playground.lanes) lane.toEnd(); // where it scrolled to is lost while it is off the page
}

class Playground {
  constructor(session, models, ended) {
    this.session = session;
    this.models = models;
    this.ended = ended;
    this.options = new Options();
    this.composer = new Composer({ send: (message) => this.send(message), stop: () => this.stop() });
    this.comparing = button("Compare", () => this.compare(), { "aria-pressed": "false" });
    this.columns = h("div", { class: "lanes" });
    this.lanes = [];
    this.addLane(models[0].id);
    this.element = this.made();
  }

  offer(models) {
    this.models = models;
    for (const lane of this.lanes) lane.offer(models);
  }

  send(message) {
    this.options.read(); // refuses before anything is sent
    for (const lane of this.lanes) lane.send(this.options, message).catch(fail);
  }

  stop() {
    for (const lane of this.lanes) lane.stop();
  }

  clear() {
    for (const lane of this.lanes) lane.clear();
    this.composer.text.focus();
  }

  /** A second model beside the first, which gets the same messages from now on; or the first alone again. */
  compare() {
    if (this.lanes.length < LANES_MAX) {
      const [first] = this.lanes;
      this.addLane((this.models.find((model) => model.id !== first.model) ?? this.models[0]).id);
    } else {
      const lane = this.lanes.pop();
      lane.stop();
      lane.element.remove();
    }
    this.comparing.setAttribute("aria-pressed", String(this.lanes.length === LANES_MAX));
    this.columns.classList.toggle("two", this.lanes.length === LANES_MAX);
  }

  addLane(model) {
    const { session, models, ended } = this;
    const changed = () => this.composer.busy(this.lanes.some((lane) => lane.running !== null));
    const lane = new Lane({ session, models, model, ended, changed });
    this.lanes.push(lane);
    add(this.columns, lane.element);
  }

  async code() {
    const body = asked(this.lanes[0].request(this.options, this.composer.message()));
    const base = `${location.origin}/v1`;
    const shown = h("div", {});
    const tabs = LANGUAGES.map(([name, write]) =>
      button(name, () => {
        for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab === chosen(name, tabs)));
        replace(shown, codeBlock(write(base, body), `The request in ${name}`));
      }),
    );
    tabs[0].click();
    await show({
      title: "This request as code",
      content: [h("div", { class: "actions tabs" }, tabs), shown],
      wide: true,
    });
  }

  made() {
    const actions = [this.comparing, button("Show as code", () => this.code()), button("Clear", () => this.clear())];
    const settings = h(
      "details",
      { class: "side-settings", open: matchMedia("(min-width: 1000px)").matches },
      h("summary", {}, "Options"),
      this.options.element,
    );
    return h(
      "div",
      { class: "playground-frame" },
      heading("Playground", null, actions),
      h("div", { class: "bench" }, h("div", { class: "talk" }, this.columns, this.composer.element), settings),
    );
  }
}

/** The request as it was last sent, or the shortest one: an answer at its end is not part of the question. */
function asked(body) {
  const { messages } = body;
  while (messages.at(-1)?.role === "assistant") messages.pop();
  if (messages.every((message) => message.role === "system")) messages.push({ role: "user", content: "Hello" });
  return body;
}

function chosen(name, tabs) {
  return tabs[LANGUAGES.findIndex(([one]) => one === name)];
}
