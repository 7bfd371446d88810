// A conversation with one model. Two of them side by side are a comparison.

import { get, part, post, stream } from "../api.js";
import { add, h, replace } from "../dom.js";
import { fail } from "../notices.js";
import { select } from "../parts.js";
import { Answer } from "./answer.js";

const DONE = "[DONE]";
const NEAR_END = 120; // px

/** One column: the model, its turns, and the answer that is on its way. `changed` is told when that begins or ends. */
export class Lane {
  constructor({ session, models, model, ended, changed }) {
    this.session = session;
    this.ended = ended;
    this.changed = changed;
    this.messages = [];
    this.running = null;
    this.choice = select(
      models.map((one) => one.id),
      model ?? models[0]?.id,
      { "aria-label": "Model" },
    );
    this.turns = h("div", { class: "turns", role: "log", "aria-label": "Conversation", tabindex: "0" });
    this.element = h("section", { class: "lane" }, this.choice, this.turns);
  }

  get model() {
    return this.choice.value;
  }

  /** Offer these models; the chosen one stays where it is among them. */
  offer(models) {
    const chosen = this.model;
    replace(
      this.choice,
      models.map((one) => h("option", { value: one.id }, one.id)),
    );
    if (models.some((one) => one.id === chosen)) this.choice.value = chosen;
  }

  /** The request that these fields make of the conversation, with a message more or without. */
  request(options, message = null) {
    const system = options.system();
    return {
      model: this.model,
      messages: [
        ...(system ? [{ role: "system", content: system }] : []),
        ...this.messages,
        ...(message ? [message] : []),
      ],
      ...options.read(),
    };
  }

  /** Say something, and show the answer as it comes. */
  async send(options, message) {
    this.messages.push(message);
    add(this.turns, shownMessage(message));
    await this.run(options);
  }

  /** Let the answer be: what has come stays. */
  stop() {
    this.running?.abort();
  }

  /** Forget the conversation. */
  clear() {
    this.stop();
    this.messages = [];
    replace(this.turns);
  }

  async run(options) {
    const body = this.request(options);
    const answer = new Answer(this.session, this.model);
    const running = new AbortController();
    const signal = AbortSignal.any([running.signal, this.ended]);
    this.running = running;
    add(this.turns, answer.element);
    this.follow();
    this.changed();
    let failure = null;
    try {
      await received(body, answer, signal, () => this.follow());
    } catch (error) {
      failure = error;
    }
    this.running = null;
    answer.end(failure);
    this.conclude(answer, failure, options);
    this.follow();
    this.changed();
  }

  conclude(answer, failure, options) {
    const { messages } = this;
    if (answer.text !== "" || answer.calls.length > 0) messages.push(answer.message());
    else if (failure !== null) messages.pop(); // nothing came: the next message stands in its place
    if (failure === null && answer.calls.length > 0) {
      answer.askResults(async (results) => {
        messages.push(...results);
        await this.run(options).catch(fail);
      });
    }
    if (answer.id !== null) this.price(answer);
  }

  /** The charge is written behind the answer; a receipt that is asked for waits until it is. */
  async price(answer) {
    if (this.session.ledger === null || !this.session.may("credits")) return;
    try {
      const receipt = await get(`/v1/receipts/${part(answer.id)}`, { signal: this.ended, quiet: true });
      answer.charged(receipt.charged_micro_usdc, receipt.ledger);
    } catch {
      // no receipt: the request was refused or not charged, and the answer's foot has nothing to add
    }
  }

  /** Show the end of the conversation. */
  toEnd() {
    this.turns.scrollTop = this.turns.scrollHeight;
  }

  /** Stay at the end while an answer grows, unless its reader has scrolled away from it. */
  follow() {
    const { turns } = this;
    if (turns.scrollHeight - turns.scrollTop - turns.clientHeight < NEAR_END) this.toEnd();
  }
}

async function received(body, answer, signal, shown) {
  if (!body.stream) {
    answer.take(await post("/v1/chat/completions", body, { signal }));
    return;
  }
  for await (const event of stream("/v1/chat/completions", { body, signal })) {
    if (event.data === DONE) return;
    answer.take(JSON.parse(event.data));
    shown();
  }
  throw new Error("The stream ended before the answer did.");
}

function shownMessage(message) {
  const parts = typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
  return h(
    "article",
    { class: "turn user", "aria-label": "You" },
    parts.map((one) =>
      one.type === "text" ? h("p", {}, one.text) : h("img", { src: one.image_url.url, alt: "Image sent" }),
    ),
  );
}
