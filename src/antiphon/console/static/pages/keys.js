// Keys: what each may do, made, shown once, succeeded and revoked.

import { get, part, post, remove } from "../api.js";
import { ask, confirm, show as dialog } from "../dialogs.js";
import { add, h } from "../dom.js";
import { count, date, micro, usdc } from "../format.js";
import { say } from "../notices.js";
import { badge, button, codeBlock, empty, field, heading, select } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";

const LOOK_S = 15;
const DAY_S = 86_400;
const SCOPES = [
  ["inference", "Ask models"],
  ["credits", "See balance and receipts, top up"],
  ["channel", "Read and post in channels"],
  ["keys", "Make and revoke keys"],
  ["admin", "Run the gateway"],
];
const STATES = { active: "good", expired: "warn", revoked: "bad" };

/** The keys of the account. */
export async function open(view, context) {
  const body = h("div");
  const change = (work) => async () => {
    await work();
    await look();
  };
  const create = button(
    "Create a key",
    change(() => made(context)),
    { kind: "primary" },
  );
  add(
    view,
    heading("Keys", "Programs ask with a key. One for each program can be revoked without the others.", create),
    body,
  );
  const look = await watch(body, {
    seconds: LOOK_S,
    signal: context.signal,
    load: () => get("/v1/keys", { signal: context.signal }),
    show: ({ data }) => (data.length === 0 ? nothing() : list(data, context, change)),
  });
}

function nothing() {
  return empty(
    "No keys are stored for this account",
    "Keys in the configuration are not listed here. Create one above, or in a terminal:",
    "antiphon keys create my-program",
  );
}

function list(keys, context, change) {
  const order = [...keys].sort(
    (one, other) =>
      (one.state === "active" ? 0 : 1) - (other.state === "active" ? 0 : 1) || other.created_at_ms - one.created_at_ms,
  );
  const columns = [
    { title: "Name", cell: (key) => h("span", { title: `made ${date(new Date(key.created_at_ms))}` }, key.name) },
    { title: "Key", cell: (key) => h("code", {}, `${key.first}…${key.last}`) },
    { title: "State", cell: (key) => badge(key.state, STATES[key.state]) },
    { title: "May", cell: (key) => key.scopes.join(", ") },
    { title: "Limits", cell: limits },
    { title: h("span", { class: "visually-hidden" }, "Actions"), cell: (key) => actions(key, context, change) },
  ];
  return table({ caption: "All keys", columns, rows: order });
}

function limits(key) {
  const given = [
    key.spend_cap_micro_usdc === null ? null : `spends ${usdc(key.spend_cap_micro_usdc)} USDC at most`,
    key.requests_per_minute > 0 ? `${count(key.requests_per_minute)} requests a minute` : null,
    key.tokens_per_minute > 0 ? `${count(key.tokens_per_minute)} tokens a minute` : null,
    key.parallel_max > 0 ? `${count(key.parallel_max)} at once` : null,
    key.expires_at_ms === null ? null : `until ${date(new Date(key.expires_at_ms))}`,
    ...["models", "projects", "nodes"].map((what) =>
      key[what].length > 0 ? `${what}: ${key[what].join(", ")}` : null,
    ),
  ].filter((text) => text !== null);
  return given.length === 0 ? "–" : given.map((text) => h("div", {}, text));
}

function actions(key, { signal }, change) {
  if (key.state !== "active") return null;
  const rotate = async () => {
    const sure = await confirm({
      title: `Replace ${key.name}`,
      text: "A successor is made that may do the same. The old key is good for another day.",
      action: "Replace",
      danger: false,
      signal,
    });
    if (sure) await shown(await post(`/v1/keys/${part(key.id)}/rotate`, {}, { signal }), signal);
  };
  const revoke = async () => {
    const sure = await confirm({
      title: `Revoke ${key.name}`,
      text: "Programs that use it are refused from now on. This cannot be undone.",
      action: "Revoke",
      signal,
    });
    if (!sure) return;
    await remove(`/v1/keys/${part(key.id)}`, { signal });
    say(`${key.name} is revoked.`);
  };
  return h(
    "div",
    { class: "actions" },
    button("Replace", change(rotate), { kind: "quiet", "aria-label": `Replace ${key.name}` }),
    button("Revoke", change(revoke), { kind: "danger", "aria-label": `Revoke ${key.name}` }),
  );
}

async function made(context) {
  const form = fields(context.session);
  const minted = await ask({
    title: "Create a key",
    content: form.content,
    action: "Create",
    submit: () => post("/v1/keys", form.body(), { signal: context.signal }),
    signal: context.signal,
  });
  if (minted !== null) await shown(minted, context.signal);
}

async function shown(minted, signal) {
  await dialog({
    title: `${minted.key.name} is made`,
    content: [
      h("p", {}, "This is the key. It is shown only now: the gateway keeps a digest of it."),
      codeBlock(minted.api_key, "The new key"),
    ],
    signal,
  });
}

function fields(session) {
  const name = h("input", { required: true, maxlength: 64, autocomplete: "off" });
  const scopes = SCOPES.filter(([scope]) => session.may(scope)).map(([scope, meaning]) => [
    scope,
    h("input", { type: "checkbox", checked: scope === "inference", value: scope }),
    meaning,
  ]);
  const cap = h("input", { inputmode: "decimal", placeholder: "no limit" });
  const requests = h("input", { type: "number", min: 0, placeholder: "no limit" });
  const life = select(
    [
      ["", "never"],
      [String(DAY_S), "in a day"],
      [String(30 * DAY_S), "in 30 days"],
      [String(365 * DAY_S), "in a year"],
    ],
    "",
  );
  const models = h("input", { placeholder: "all", autocomplete: "off" });
  const content = [
    field("Name", name, "What it is for, such as the program's name"),
    h(
      "fieldset",
      { class: "checks" },
      h("legend", {}, "It may"),
      scopes.map(([, box, meaning]) => h("label", { class: "check" }, box, meaning)),
    ),
    h(
      "div",
      { class: "columns" },
      field("Spends at most, USDC", cap),
      field("Requests a minute", requests),
      field("Ends", life),
      field("Models", models, "Ids, with commas between"),
    ),
  ];
  return { content, body: () => body({ name, scopes, cap, requests, life, models }) };
}

function body({ name, scopes, cap, requests, life, models }) {
  const amount = cap.value.trim() === "" ? null : micro(cap.value);
  if (cap.value.trim() !== "" && amount === null) throw new Error("Spends at most: expected USDC, such as 10 or 2.50.");
  return {
    name: name.value.trim(),
    scopes: scopes.filter(([, box]) => box.checked).map(([scope]) => scope),
    models: models.value
      .split(",")
      .map((model) => model.trim())
      .filter((model) => model !== ""),
    requests_per_minute: Number(requests.value || 0),
    spend_cap_micro_usdc: amount,
    expires_in_s: life.value === "" ? null : Number(life.value),
  };
}
