// One node: its load while the page is open, what it serves, how far it is trusted and why, and what can be done with it.

import { get, part, patch, post, remove } from "../api.js";
import { meter, sparkline } from "../charts.js";
import { ask, confirm } from "../dialogs.js";
import { add, h, replace } from "../dom.js";
import { ago, count, date, rough, short } from "../format.js";
import { say } from "../notices.js";
import { badge, button, copyable, field, figure, figures, heading } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";
import { condition, drainButton } from "./node-state.js";

const LOOK_S = 1;
const EVIDENCE_S = 10;
const SAMPLES = 180;

/** The node that the address names. */
export async function open(view, { params, signal, title }) {
  const address = `/v1/nodes/${part(params[0])}`;
  const body = h("div");
  const load = h("div");
  const standing = h("section", { class: "card stack" });
  const samples = [];
  add(view, body, h("div", { class: "below" }, standing));
  const look = await watch(body, {
    seconds: LOOK_S,
    signal,
    load: async () => {
      const node = await get(address, { signal });
      samples.push(node.running + node.queued);
      if (samples.length > SAMPLES) samples.shift();
      replace(load, history(node, samples));
      return { ...node, seen_at_ms: Math.floor(node.seen_at_ms / 10_000) * 10_000 };
    },
    show: (node) => {
      title(node.name);
      const links = [h("a", { href: "#/nodes" }, "All nodes"), actions(node, signal, () => look())];
      return [
        heading(node.name, "", links),
        summary(node),
        h("div", { class: "stack" }, load, models(node), facts(node)),
      ];
    },
  });
  const lookAtStanding = await watch(standing, {
    seconds: EVIDENCE_S,
    signal,
    load: () => get(`${address}/evidence`, { signal }),
    show: (told) => reputation(told, address, signal, () => lookAtStanding()),
  });
}

function summary(node) {
  const state = condition(node);
  return figures(
    figure("State", badge(state.text, state.kind)),
    figure("Running", count(node.running), `of ${count(node.slots)} slots`),
    figure("Waiting", count(node.queued)),
    figure("Generates", rough(node.decode_speed), "tokens/s"),
    figure("Reads", rough(node.prefill_speed), "tokens/s"),
  );
}

function history(node, samples) {
  const most = Math.max(node.slots, ...samples);
  const label = `Requests there over the last ${samples.length} seconds, ${samples.at(-1)} now, of ${node.slots} slots`;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Load"),
    sparkline(samples, most, label, { width: 600, height: 64 }),
    h("p", { class: "muted" }, "Requests that run or wait there, since this page was opened."),
  );
}

function models(node) {
  if (node.models.length === 0) return null;
  return table({
    caption: "Models of this node",
    columns: [
      { title: "Model", cell: (model) => h("a", { href: `#/models/${part(model.id)}` }, model.id) },
      { title: "State", cell: (model) => badge(model.warm ? "warm" : "cold", model.warm ? "good" : "warn") },
      { title: "Context", numeric: true, cell: (model) => count(model.context_length) },
    ],
    rows: node.models,
  });
}

function facts(node) {
  const told = [
    ["Id", copyable(node.id)],
    ["Owner", copyable(node.owner, short(node.owner))],
    ["Hardware", node.hardware || "–"],
    ["Version", node.version || "–"],
    ["Joined", date(new Date(node.created_at_ms))],
    ["Last heard", node.presence === "gone" ? ago(new Date(node.seen_at_ms)) : "now"],
    ["Lease", `number ${count(node.epoch)}`],
  ];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "About"),
    h(
      "dl",
      { class: "facts" },
      told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  );
}

function reputation(told, address, signal, look) {
  const pardon = async () => {
    const sure = await confirm({
      title: "Pardon this node",
      text: "It gets requests again, and its checks begin anew.",
      action: "Pardon",
      danger: false,
      signal,
    });
    if (!sure) return;
    await post(`${address}/pardon`, {}, { signal });
    await look();
  };
  const sentence = told.quarantined
    ? `In quarantine for ${ago(new Date(told.since_ms)).replace(" ago", "")}: ${told.accused_of}.`
    : `It gets ${Math.round(told.factor * 100)} % of the requests that its speed would earn it.`;
  return [
    h(
      "h2",
      {},
      "Reputation ",
      badge(
        told.quarantined ? "in quarantine" : told.factor.toFixed(2),
        told.quarantined ? "bad" : told.factor < 1 ? "warn" : "good",
      ),
    ),
    h("p", {}, sentence),
    told.quarantined ? h("div", { class: "actions" }, button("Pardon", pardon)) : null,
    told.checks.length === 0 ? h("p", { class: "muted" }, "Nothing was checked yet.") : checks(told.checks),
    told.evidence.length === 0 ? null : evidence(told.evidence),
  ];
}

function checks(tallies) {
  return table({
    caption: "Checks",
    columns: [
      { title: "Check", cell: (one) => one.meaning },
      { title: "Checks", numeric: true, cell: (one) => count(one.checks) },
      { title: "Failures", numeric: true, cell: (one) => count(one.failures) },
      {
        title: "Suspicion",
        cell: (one) =>
          h(
            "div",
            { class: "load" },
            meter(one.suspicion, 1, `Suspicion ${one.suspicion.toFixed(2)} of 1`, one.suspicion >= 0.5 ? "bad" : ""),
            h("span", { class: "number" }, one.suspicion.toFixed(2)),
          ),
      },
    ],
    rows: tallies,
  });
}

function evidence(found) {
  return [
    h("h3", {}, "What it failed"),
    table({
      caption: "Evidence",
      columns: [
        { title: "When", cell: (one) => date(new Date(one.at_ms)) },
        { title: "What", cell: (one) => h("span", { class: "wrap" }, one.says) },
        { title: "Model", hidden: true, cell: (one) => one.model },
        { title: "Request", hidden: true, cell: (one) => copyable(one.request, short(one.request, 10)) },
      ],
      rows: found,
    }),
  ];
}

function actions(node, signal, look) {
  const change = async (fields) => {
    await patch(`/v1/nodes/${part(node.id)}`, fields, { signal });
    await look();
  };
  const rename = async () => {
    const name = h("input", { value: node.name, required: true, maxlength: 64 });
    await ask({
      title: `Rename ${node.name}`,
      content: [field("Name", name)],
      action: "Rename",
      submit: () => change({ name: name.value.trim() }).then(() => true),
      signal,
    });
  };
  const ban = async () => {
    const sure = await confirm({
      title: `Ban ${node.name}`,
      text: "It is sent away at once, and nobody can lift a ban: it has to be removed and invited anew.",
      action: "Ban",
      signal,
    });
    if (sure) await change({ state: "banned" });
  };
  const leave = async () => {
    const sure = await confirm({
      title: `Remove ${node.name}`,
      text: "It takes an invite to come back.",
      action: "Remove",
      signal,
    });
    if (!sure) return;
    await remove(`/v1/nodes/${part(node.id)}`, { signal });
    say(`${node.name} is removed.`);
    location.hash = "#/nodes";
  };
  return [
    drainButton(node, signal, look, ""),
    button("Rename", rename, { kind: "quiet" }),
    node.state === "banned" ? null : button("Ban", ban, { kind: "danger" }),
    button("Remove", leave, { kind: "danger" }),
  ];
}
