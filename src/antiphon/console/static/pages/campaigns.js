// Campaigns: which there are, what shares whose requests, and how each ended.

import { get, part, query } from "../api.js";
import { add, h } from "../dom.js";
import { date, percent } from "../format.js";
import { badge, empty, heading } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";
import { open as openCampaign, STATES } from "./campaign.js";

const LOOK_S = 10;
const CREATE = `antiphon campaigns create length --project default --start --guardrail error_rate=0.1:drop \\
  --variant long --variant 'short max_tokens=40'`;

/** The list, or one campaign where the address names it. */
export async function open(view, context) {
  if (context.params.length > 0) await openCampaign(view, context);
  else await list(view, context);
}

async function list(view, { signal }) {
  const archived = h("input", { type: "checkbox" });
  const body = h("div");
  add(
    view,
    heading(
      "Campaigns",
      "Variants that share a project's requests, and which of them is better.",
      h("label", { class: "check" }, archived, "Archived too"),
    ),
    body,
  );
  const look = await watch(body, {
    seconds: LOOK_S,
    signal,
    load: () => get(query("/v1/campaigns", { archived: archived.checked }), { signal }),
    show: ({ data }) =>
      data.length === 0 ? nothing() : table({ caption: "All campaigns", columns: columns(), rows: data }),
  });
  archived.addEventListener("change", look);
}

function nothing() {
  return empty(
    "There is no campaign yet",
    "A campaign lets variants of a project share its requests: other models, prompts, sampling or tools. This makes one and starts it:",
    CREATE,
  );
}

function columns() {
  return [
    { title: "Campaign", cell: (one) => h("a", { href: `#/campaigns/${part(one.key)}` }, one.name) },
    { title: "State", cell: (one) => badge(one.status, STATES[one.status]) },
    { title: "Variants", cell: (one) => one.variants.map((variant) => variant.key).join(", ") },
    { title: "Goal", hidden: true, cell: (one) => one.goals[0]?.metric ?? "–" },
    { title: "Share", numeric: true, cell: (one) => percent(one.share, 0) },
    {
      title: "Started",
      hidden: true,
      cell: (one) => (one.started_at_ms === null ? "–" : date(new Date(one.started_at_ms))),
    },
    { title: "Ended", hidden: true, cell: (one) => one.ending?.sentence || "–" },
  ];
}
