// Nodes: who serves, how loaded each is, how fast and how far it is trusted. Nodes are invited, drained and taken back.

import { get, part, post, remove } from "../api.js";
import { meter } from "../charts.js";
import { ask, confirm, show as dialog } from "../dialogs.js";
import { add, h } from "../dom.js";
import { ago, count, rough } from "../format.js";
import { badge, button, codeBlock, empty, field, figure, figures, heading, select } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";
import { open as openNode } from "./node.js";
import { condition, drainButton } from "./node-state.js";

const LOOK_S = 2;
const INVITES_S = 10;
const TILES_MAX = 60; // with names; more nodes than that are squares
const ROWS_MAX = 200; // of the table; the map has them all
const FEW = 10; // nodes, below which there is nothing to search
const MODELS_MAX = 20; // whose nodes' reputation is asked for
const STANDINGS_S = 15;

/** All nodes, or one where the address names it. */
export async function open(view, context) {
  if (context.params.length > 0) await openNode(view, context);
  else await all(view, context);
}

async function all(view, { signal }) {
  const body = h("div", { class: "stack" });
  const invites = h("div");
  const search = h("input", { type: "search", placeholder: "Name, model or state", "aria-label": "Search nodes" });
  const filter = h("div", { class: "inline filters", hidden: true }, search);
  const invite = button(
    "Invite a node",
    async () => {
      await invited(signal);
      await lookAtInvites();
    },
    { kind: "primary" },
  );
  add(view, heading("Nodes", "Machines that serve models for this gateway.", invite), filter, body);
  const standings = new Standings(signal);
  const look = await watch(body, {
    seconds: LOOK_S,
    signal,
    load: async () => ({ nodes: await standings.of((await get("/v1/nodes", { signal })).data), wanted: search.value }),
    show: ({ nodes, wanted }) => {
      filter.hidden = nodes.length < FEW;
      return nodes.length === 0 ? nothing() : shown(nodes, wanted, signal, () => look());
    },
  });
  search.addEventListener("input", look);
  add(view, h("section", { class: "stack invites" }, h("h2", {}, "Invites"), invites));
  const lookAtInvites = await watch(invites, {
    seconds: INVITES_S,
    signal,
    load: async () => (await get("/v1/nodes/invites", { signal })).data.filter((one) => one.state !== "used"),
    show: (found) => invitesTable(found, signal, () => lookAtInvites()),
  });
}

/** How far each node is trusted, where a model that it serves tells it: asked for now and then, as it changes slowly. */
class Standings {
  constructor(signal) {
    this.signal = signal;
    this.known = new Map();
    this.until = 0;
  }

  async of(nodes) {
    if (performance.now() >= this.until) {
      this.until = performance.now() + STANDINGS_S * 1000;
      this.known = await this.asked();
    }
    return nodes.map((node) => ({ ...node, standing: this.known.get(node.id) ?? null }));
  }

  async asked() {
    const options = { signal: this.signal };
    const { data } = await get("/v1/models", options);
    const models = data
      .slice(0, MODELS_MAX)
      .map((model) => get(`/v1/models/${part(model.id)}`, options).catch(() => ({})));
    const states = (await Promise.all(models)).flatMap((model) => model.node_states ?? []);
    return new Map(states.map((state) => [state.name, state.standing]));
  }
}

function nothing() {
  return empty(
    "No machine has joined",
    "A node serves models from wherever it is, behind NAT or not. Invite one above, or in a terminal, and run the line that is printed on that machine:",
    "antiphon nodes invite --name my-node",
  );
}

function shown(all, wanted, signal, look) {
  const nodes = all.filter((node) => fits(node, wanted));
  const serving = nodes.filter((node) => condition(node).text === "serving");
  const sum = (field) => serving.reduce((total, node) => total + (node[field] ?? 0), 0);
  return [
    figures(
      figure("Serving", count(serving.length), `of ${count(nodes.length)}`),
      figure("Slots taken", count(sum("running")), `of ${count(sum("slots"))}`),
      figure("Waiting", count(sum("queued"))),
      figure("Tokens a second, each stream", rough(fastest(serving)), "fastest"),
    ),
    h("section", { class: "stack" }, h("h2", {}, "Load"), map(nodes)),
    table({ caption: "All nodes", columns: columns(signal, look), rows: nodes.slice(0, ROWS_MAX) }),
    nodes.length > ROWS_MAX
      ? h("p", { class: "muted" }, `${count(ROWS_MAX)} of ${count(nodes.length)} stand here; search for others.`)
      : null,
  ];
}

function fits(node, wanted) {
  const said = [node.name, condition(node).text, ...node.models.map((model) => model.id)].join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

function fastest(nodes) {
  const speeds = nodes.map((node) => node.decode_speed).filter((speed) => speed !== null);
  return speeds.length === 0 ? null : Math.max(...speeds);
}

/** The map of load: a tile for each node, or a square where there are many. */
function map(nodes) {
  const small = nodes.length > TILES_MAX;
  return h(
    "ul",
    { class: `load-map ${small ? "small" : ""}`, "aria-label": "Load of each node" },
    nodes.map((node) => h("li", {}, tile(node, small))),
  );
}

function tile(node, small) {
  const share = node.slots > 0 ? Math.min(1, node.running / node.slots) : 0;
  const words = `${node.name}: ${condition(node).text}, ${node.running} of ${node.slots} slots taken, ${node.queued} waiting`;
  const link = {
    class: `tile ${node.presence}`,
    href: `#/nodes/${part(node.id)}`,
    title: words,
    style: { "--load": String(share) },
  };
  if (small) return h("a", { ...link, "aria-label": words });
  return h(
    "a",
    link,
    h("strong", {}, node.name),
    h("span", { class: "number" }, taken(node)),
    meter(node.running, node.slots, "", share >= 1 ? "warn" : ""),
    h("small", { class: "number" }, speed(node)),
  );
}

function taken(node) {
  const slots = node.slots > 0 ? `${node.running}/${node.slots}` : "–";
  const hidden = (text) => h("span", { class: "visually-hidden" }, text);
  return [slots, hidden(" slots taken"), node.queued > 0 ? [` +${node.queued}`, hidden(" waiting")] : null];
}

function speed(node) {
  const state = condition(node);
  return state.text !== "serving" || node.decode_speed === null ? state.text : `${rough(node.decode_speed)} tokens/s`;
}

function columns(signal, look) {
  return [
    { title: "Node", cell: (node) => h("a", { href: `#/nodes/${part(node.id)}` }, node.name) },
    { title: "State", cell: (node) => badge(condition(node).text, condition(node).kind) },
    {
      title: "Running",
      numeric: true,
      cell: (node) => (node.slots > 0 ? `${count(node.running)} of ${count(node.slots)}` : "–"),
    },
    { title: "Tokens/s", numeric: true, cell: (node) => rough(node.decode_speed) },
    { title: "Prefill/s", numeric: true, hidden: true, cell: (node) => rough(node.prefill_speed) },
    {
      title: "Reputation",
      numeric: true,
      hidden: true,
      cell: (node) => (node.standing === null ? "–" : node.standing.toFixed(2)),
    },
    { title: "Models", hidden: true, cell: (node) => node.models.map((model) => model.id).join(", ") || "–" },
    {
      title: "Seen",
      hidden: true,
      cell: (node) => (node.presence === "serving" ? "now" : ago(new Date(node.seen_at_ms))),
    },
    { title: h("span", { class: "visually-hidden" }, "Actions"), cell: (node) => drainButton(node, signal, look) },
  ];
}

async function invited(signal) {
  const name = h("input", { maxlength: 64, autocomplete: "off", placeholder: "as the machine calls itself" });
  const life = select(
    [
      ["3600", "an hour"],
      ["86400", "a day"],
      ["604800", "a week"],
    ],
    "3600",
  );
  const invite = await ask({
    title: "Invite a node",
    content: [field("Name", name), field("Good for", life)],
    action: "Invite",
    submit: () =>
      post("/v1/nodes/invites", { name: name.value.trim() || null, expires_in_s: Number(life.value) }, { signal }),
    signal,
  });
  if (invite === null) return;
  await dialog({
    title: "Run this on the machine that is to serve",
    content: [
      h(
        "p",
        {},
        "It is good once, and shown only now. It takes ",
        h("code", {}, "pip install 'antiphon[engine,nodes]'"),
        " there.",
      ),
      codeBlock(invite.command, "The line that makes a machine a node"),
    ],
    signal,
  });
}

function invitesTable(invites, signal, look) {
  if (invites.length === 0) return h("p", { class: "muted" }, "No invite waits for a machine.");
  const revoke = async (invite) => {
    const sure = await confirm({
      title: "Void this invite",
      text: "Nobody can join with it any more.",
      action: "Void",
      signal,
    });
    if (!sure) return;
    await remove(`/v1/nodes/invites/${part(invite.id)}`, { signal });
    await look();
  };
  const columns = [
    { title: "Name", cell: (invite) => invite.name ?? "any" },
    { title: "State", cell: (invite) => badge(invite.state, invite.state === "open" ? "accent" : "") },
    { title: "Ends", cell: (invite) => ago(new Date(invite.expires_at_ms)) },
    {
      title: h("span", { class: "visually-hidden" }, "Actions"),
      cell: (invite) => (invite.state === "open" ? button("Void", () => revoke(invite), { kind: "quiet" }) : null),
    },
  ];
  return table({ caption: "Invites", columns, rows: invites });
}
