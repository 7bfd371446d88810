// Server-sent events read from a fetched answer, so that a stream can be posted for, and stopped.

/** The events of an answer as `{event, data, id}`, each as soon as it is whole. Comments are heartbeats and left out. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new Parser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* parser.feed(value);
    }
  } finally {
    reader.cancel().catch(() => undefined); // whoever stops reading closes the connection
  }
}

/** Cuts text into events, wherever its pieces were cut. */
export class Parser {
  constructor() {
    this.rest = "";
    this.clear();
  }

  /** The events that this piece completes. */
  feed(piece) {
    const text = this.rest + piece;
    const cut = text.endsWith("\r") ? text.length - 1 : text.length; // its \n may still be on the way
    const lines = text.slice(0, cut).split(/\r\n|\n|\r/);
    this.rest = lines.pop() + text.slice(cut);
    const made = [];
    for (const line of lines) {
      if (line !== "") this.line(line);
      else if (this.data !== null) made.push(this.taken());
      else this.clear();
    }
    return made;
  }

  line(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data = this.data === null ? value : `${this.data}\n${value}`;
    else if (field === "event") this.event = value;
    else if (field === "id") this.id = value;
  }

  taken() {
    const event = { event: this.event || "message", data: this.data, id: this.id };
    this.clear();
    return event;
  }

  clear() {
    this.data = null;
    this.event = "";
    this.id = "";
  }
}
