// Models: what can be asked, whether somebody answers now, and what it costs. For administrators, who answers.

import { get, part } from "../api.js";
import { meter } from "../charts.js";
import { add, h } from "../dom.js";
import { count, duration, usdc } from "../format.js";
import { badge, copyable, empty, figure, figures, heading } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";

const LOOK_S = 5;
const KINDS = {
  warm: "good",
  cold: "warn",
  full: "warn",
  saturated: "warn",
  ejected: "bad",
  distrusted: "bad",
  unavailable: "bad",
};

/** The list, or one model where the address names it. */
export async function open(view, context) {
  if (context.params.length > 0) await one(view, context);
  else await list(view, context);
}

async function list(view, { signal }) {
  const body = h("div");
  add(view, heading("Models", "What can be asked here. Prices are USDC for a million tokens."), body);
  await watch(body, {
    seconds: LOOK_S,
    signal,
    load: () => get("/v1/models", { signal }),
    show: ({ data }) =>
      data.length === 0 ? nothing() : table({ caption: "All models", columns: columns(), rows: data }),
  });
}

function nothing() {
  return empty(
    "No model is served",
    "A gateway serves models of engines that it starts, that run elsewhere, or of nodes that join.",
    "antiphon serve --model smollm2:135m",
  );
}

function columns() {
  return [
    { title: "Model", cell: (model) => h("a", { href: `#/models/${part(model.id)}` }, model.id) },
    { title: "State", cell: (model) => badge(model.state, KINDS[model.state]) },
    { title: "Type", cell: (model) => model.type },
    { title: "Nodes", numeric: true, cell: (model) => count(model.nodes) },
    { title: "Context", numeric: true, cell: (model) => count(model.context_length) },
    { title: "Prompt", numeric: true, cell: (model) => usdc(model.pricing.prompt_micro_usdc_per_mtoken) },
    { title: "Completion", numeric: true, cell: (model) => usdc(model.pricing.completion_micro_usdc_per_mtoken) },
    { title: "Weights", hidden: true, cell: (model) => model.quantisation ?? "–" },
    { title: "Also called", hidden: true, cell: (model) => model.aliases.join(", ") || "–" },
  ];
}

async function one(view, { params, session, signal, title }) {
  const [id] = params;
  title(id);
  const body = h("div", { class: "stack" });
  add(view, heading(id, "", h("a", { href: "#/models" }, "All models")), body);
  await watch(body, {
    seconds: LOOK_S,
    signal,
    load: () => Promise.all([get(`/v1/models/${part(id)}`, { signal }), nodeNames(session, signal)]),
    show: ([model, names]) => [
      summary(model),
      prices(model.pricing),
      engines(model.node_states, names),
      parameters(model),
    ],
  });
}

/** What nodes are called, by their ids, for who may know. */
async function nodeNames(session, signal) {
  if (!session.admin) return {};
  const { data } = await get("/v1/nodes", { signal });
  return Object.fromEntries(data.map((node) => [node.id, node.name]));
}

function summary(model) {
  return figures(
    figure("State", badge(model.state, KINDS[model.state])),
    figure("Type", model.type),
    figure("Context", count(model.context_length), "tokens"),
    figure("Nodes", count(model.nodes)),
    figure("Weights", model.quantisation ?? "–"),
  );
}

function prices(pricing) {
  const names = [
    ["prompt", "Prompt"],
    ["completion", "Completion"],
    ["cached", "Prompt, cached"],
    ["reasoning", "Reasoning"],
    ["image", "Image"],
  ];
  const rows = names
    .map(([field, name]) => ({ name, micro: pricing[`${field}_micro_usdc_per_mtoken`], token: pricing[field] }))
    .filter((row) => row.micro !== undefined);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Prices"),
    table({
      caption: "Prices",
      columns: [
        { title: "Tokens", cell: (row) => row.name },
        { title: "USDC for a million", numeric: true, cell: (row) => usdc(row.micro) },
        { title: "USDC for one", numeric: true, cell: (row) => h("code", {}, row.token) },
      ],
      rows,
    }),
  );
}

function engines(states, names) {
  if (states === undefined) return null;
  const engine = ({ name }) =>
    names[name] === undefined ? name : h("a", { href: `#/nodes/${part(name)}` }, names[name]);
  const columns = [
    { title: "Engine", cell: engine },
    { title: "State", cell: (state) => badge(state.state, KINDS[state.state]) },
    { title: "Load", cell: load },
    {
      title: "First token",
      numeric: true,
      cell: (state) => duration(state.first_token_s === null ? null : state.first_token_s * 1000),
    },
    { title: "Reputation", numeric: true, cell: (state) => state.standing.toFixed(2) },
  ];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Who answers"),
    states.length === 0
      ? h("p", { class: "muted" }, "Nobody serves it now.")
      : table({ caption: "Engines of this model", columns, rows: states }),
    h("p", { class: "muted" }, "The first token is predicted for a prompt of 1,000 tokens, asked now."),
  );
}

/** How much of an engine is taken, by this gateway and by others. */
function load({ in_flight: own, others, slots }) {
  const taken = own + others;
  if (slots === null) return count(taken);
  const text = `${count(taken)} of ${count(slots)}`;
  const bar = meter(taken, slots, `${text} slots taken`, taken >= slots ? "warn" : "");
  return h("div", { class: "load" }, bar, h("span", { class: "number" }, text));
}

function parameters(model) {
  const aliases =
    model.aliases.length === 0
      ? null
      : h(
          "p",
          {},
          "Also called ",
          model.aliases.map((alias, place) => [place > 0 ? ", " : "", h("code", {}, alias)]),
          ".",
        );
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "In requests"),
    h("p", {}, "Its name is ", copyable(model.id)),
    aliases,
    h(
      "p",
      { class: "muted" },
      `It takes ${model.modalities.join(" and ")}. Parameters: ${model.supported_parameters.join(", ")}.`,
    ),
  );
}
