// How nodes are called, for who may see them; everybody else reads their ids.

import { get } from "../api.js";

const AGAIN_MS = 30_000;

/** Names by id, asked for now and again; `name(id)` is the id itself while there is none. */
export class NodeNames {
  constructor(session, signal) {
    this.names = new Map();
    this.name = (id) => this.names.get(id) ?? id;
    if (!session.admin) return;
    this.load(signal);
    const timer = setInterval(() => this.load(signal), AGAIN_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  async load(signal) {
    try {
      for (const node of (await get("/v1/nodes", { signal })).data) this.names.set(node.id, node.name);
    } catch {
      // ids say as much, in more letters
    }
  }
}
