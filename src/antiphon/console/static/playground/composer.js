// Where a message is written: text, and images that are dropped, pasted or chosen.

import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { fail } from "../notices.js";
import { button } from "../parts.js";
import { images } from "./images.js";

/** The form. `send(message)` gets a chat message; `stop()` is what the button does while answers come. */
export class Composer {
  constructor({ send, stop }) {
    this.send = send;
    this.images = [];
    this.text = h("textarea", { rows: 3, "aria-label": "Message", placeholder: "Message" });
    this.thumbs = h("ul", { class: "thumbs", "aria-label": "Images to send" });
    this.files = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, "aria-label": "Images" });
    this.submit = h("button", { type: "submit", class: "primary" }, "Send");
    this.stopping = button([icon("stop"), "Stop"], stop, { kind: "danger", hidden: true });
    this.element = this.made();
  }

  /** Whether answers are on their way. */
  busy(running) {
    this.submit.hidden = running;
    this.stopping.hidden = !running;
  }

  /** The message as it is written now; null where there is none. */
  message() {
    const text = this.text.value.trim();
    if (text === "" && this.images.length === 0) return null;
    if (this.images.length === 0) return { role: "user", content: text };
    const pictures = this.images.map(({ url }) => ({ type: "image_url", image_url: { url } }));
    return { role: "user", content: [...(text ? [{ type: "text", text }] : []), ...pictures] };
  }

  async attach(files) {
    try {
      this.images.push(...(await images(files)));
      this.showImages();
    } catch (error) {
      fail(error);
    }
  }

  showImages() {
    replace(
      this.thumbs,
      this.images.map((image) => this.thumb(image)),
    );
  }

  thumb(image) {
    const drop = button(
      "×",
      () => {
        this.images = this.images.filter((one) => one !== image);
        this.showImages();
      },
      { kind: "quiet", "aria-label": `Remove ${image.name}` },
    );
    return h("li", {}, h("img", { src: image.url, alt: image.name }), drop);
  }

  made() {
    const attach = button("Attach image", () => this.files.click(), { kind: "quiet" });
    const hint = h(
      "small",
      { class: "muted wide-only" },
      "Enter sends, Shift+Enter breaks the line. Drop or paste images.",
    );
    const form = h(
      "form",
      { class: "composer" },
      this.thumbs,
      this.text,
      this.files,
      h("div", { class: "actions" }, attach, hint, this.stopping, this.submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sent();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.submit.hidden) form.requestSubmit();
    });
    this.text.addEventListener(
      "paste",
      (event) => event.clipboardData.files.length > 0 && this.attach(event.clipboardData.files),
    );
    this.files.addEventListener("change", () => this.attach(this.files.files));
    droppable(form, (files) => this.attach(files));
    return form;
  }

  sent() {
    const message = this.message();
    if (message === null) return;
    try {
      this.send(message);
    } catch (error) {
      fail(error); // the form has a field that is no good: the message stays
      return;
    }
    this.text.value = "";
    this.images = [];
    this.showImages();
    this.text.focus();
  }
}

function droppable(form, dropped) {
  const mark = (on) => (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("dropping", on);
    if (event.type === "drop") dropped(event.dataTransfer.files);
  };
  form.addEventListener("dragover", mark(true));
  form.addEventListener("dragleave", mark(false));
  form.addEventListener("drop", mark(false));
}
