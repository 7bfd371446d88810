// Balance: what the account has, how that came about, what one answer cost, and how to get more.

import { get, part, post, query } from "../api.js";
import { add, h, replace } from "../dom.js";
import { change, count, date, duration, usdc } from "../format.js";
import { say } from "../notices.js";
import { badge, button, copyable, empty, failure, field, figure, figures, heading } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";
import { topupForm } from "../topup.js";

const LOOK_S = 5;
const PART = 50;
const KINDS = { grant: "Given", topup: "Topped up", usage: "Used", transfer: "Transferred" };

/** The account's money, or that it has none to look after. */
export async function open(view, context) {
  const { session, signal } = context;
  if (session.ledger === null) {
    add(view, heading("Balance", ""), operators());
    return;
  }
  const now = h("div");
  const history = h("div");
  add(
    view,
    heading(
      "Balance",
      session.ledger === "DEV" ? "Play money: this account is for development." : "USDC, exact to the millionth.",
    ),
    now,
  );
  const look = await watch(now, {
    seconds: LOOK_S,
    signal,
    load: () => get("/v1/credits/balance", { signal }),
    show: balance,
  });
  const list = await ledger(history, signal);
  const changed = () => Promise.all([look(), list()]);
  add(
    view,
    h("div", { class: "columns" }, more(context, changed), receipts(signal)),
    h("section", { class: "stack" }, h("h2", {}, "Ledger"), history),
    await earnings(session, signal),
  );
}

function operators() {
  return empty(
    "This key is the operator's own",
    "Nothing is charged to it, so it has no balance. Sign in with an account's key or a wallet; what any account has, and what it did, is told in a terminal:",
    "antiphon credits balance ACCOUNT",
  );
}

function balance(told) {
  return figures(
    figure("Balance", usdc(told.balance_micro_usdc), told.ledger === "DEV" ? "play USDC" : "USDC"),
    figure("Free", usdc(told.free_micro_usdc)),
    figure("Held for requests", usdc(told.held_micro_usdc)),
  );
}

/** The account's history, the newest first; gives a function that begins it anew. */
async function ledger(element, signal) {
  let rows = [];
  let next = null;
  const show = () => {
    const further = next === null ? null : button("Show more", () => load(next));
    replace(
      element,
      rows.length === 0
        ? empty("Nothing has happened yet", "What is given, topped up and used stands here, to the millionth.")
        : [entries(rows), further],
    );
  };
  const load = async (after) => {
    const page = await get(query("/v1/credits/ledger", { limit: PART, after }), { signal });
    rows = after === null ? page.data : [...rows, ...page.data];
    next = page.next;
    show();
  };
  await load(null);
  return () => load(null);
}

function entries(rows) {
  return table({
    caption: "Ledger",
    columns: [
      { title: "When", cell: (row) => date(new Date(row.created_at_ms)) },
      { title: "What", cell: (row) => KINDS[row.kind] ?? row.kind },
      {
        title: "USDC",
        numeric: true,
        cell: (row) => h("span", { class: row.amount_micro_usdc < 0 ? "" : "good" }, change(row.amount_micro_usdc)),
      },
      { title: "Entry", cell: (row) => copyable(row.id, row.id.length > 44 ? `${row.id.slice(0, 42)}…` : row.id) },
    ],
    rows,
  });
}

function more(context, changed) {
  const { session, signal } = context;
  if (session.ledger === "DEV") return faucet(session, signal, changed);
  const title = h("h2", {}, "Top up");
  if (!session.features.topup || session.chain === null) {
    return h(
      "section",
      { class: "card" },
      title,
      h("p", {}, "This gateway sells no credit. Its operator can give some:"),
      h("code", {}, `antiphon credits grant ${session.account} 10`),
    );
  }
  return h("section", { class: "card" }, title, topupForm(session, signal, changed));
}

function faucet(session, signal, changed) {
  const ask = async () => {
    const gift = await post("/v1/dev/faucet", {}, { signal });
    say(
      gift.credits_added > 0
        ? `${count(gift.credits_added)} credits were added.`
        : "Today's credit was given before; there is more tomorrow.",
    );
    await changed();
  };
  const text = session.features.faucet ? "Play money is free, once a day." : "This gateway has no faucet.";
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "More credit"),
    h("p", {}, text),
    session.features.faucet ? h("div", { class: "actions" }, button("Get play money", ask, { kind: "primary" })) : null,
  );
}

function receipts(signal) {
  const id = h("input", {
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "chatcmpl-… or req_…",
  });
  const found = h("div", { "aria-live": "polite" });
  const form = h(
    "form",
    { class: "inline" },
    field("Answer's or request's id", id),
    h("button", { type: "submit" }, "Look up"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      replace(found, receipt(await get(`/v1/receipts/${part(id.value.trim())}`, { signal })));
    } catch (error) {
      replace(found, h("p", { class: "error" }, error.message));
    }
  });
  return h("section", { class: "card" }, h("h2", {}, "What one answer cost"), form, found);
}

function receipt(told) {
  const facts = [
    ["Charged", `${usdc(told.charged_micro_usdc)} of ${usdc(told.held_micro_usdc)} held`],
    ["Why", told.reason.replaceAll("_", " ")],
    ["Model", told.model],
    ["Nodes", told.nodes.join(", ") || "–"],
    [
      "Tokens",
      `${count(told.usage.prompt_tokens)} prompt (${count(told.usage.cached_tokens)} cached), ${count(told.usage.completion_tokens)} completion`,
    ],
    ["Took", duration(told.ended_at_ms - told.began_at_ms)],
    ["In the ledger", told.journal === null ? "not yet" : `number ${count(told.journal.number)}`],
  ];
  return h(
    "dl",
    { class: "facts" },
    facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

async function earnings(session, signal) {
  if (!session.wallet) return null;
  try {
    const told = await get("/v1/earnings", { signal });
    if (told.data.length === 0) return null;
    const columns = [
      { title: "Node", cell: (row) => h("code", {}, row.node) },
      { title: "Earned", numeric: true, cell: (row) => usdc(row.earned_micro_usdc) },
      { title: "Paid out", numeric: true, cell: (row) => usdc(row.paid_micro_usdc) },
      { title: "Owed", numeric: true, cell: (row) => usdc(row.owed_micro_usdc) },
    ];
    return h(
      "section",
      { class: "stack" },
      h("h2", {}, "Earned by this wallet's nodes ", badge(`${usdc(told.owed_micro_usdc)} owed`, "accent")),
      table({ caption: "Earnings", columns, rows: told.data }),
    );
  } catch (error) {
    return failure(error);
  }
}
