// One campaign: how its variants stand, how certain that is, how certain it grew over time, and what can be done with it.

import { get, part, patch, post } from "../api.js";
import { forest, lines } from "../charts.js";
import { ask, confirm } from "../dialogs.js";
import { add, h } from "../dom.js";
import { count, date, duration, percent, rough, time } from "../format.js";
import { say } from "../notices.js";
import { badge, button, field, figure, figures, heading } from "../parts.js";
import { watch } from "../refresh.js";
import { table } from "../table.js";

const LOOK_S = 10;
const DAY_MS = 86_400_000;

/** The colours of a campaign's states. */
export const STATES = { running: "good", paused: "warn", draft: "accent" };

/** The campaign that the address names. */
export async function open(view, { params, session, signal, title }) {
  const address = `/v1/campaigns/${part(params[0])}`;
  const body = h("div", { class: "stack" });
  add(view, body);
  const told = (path) => get(`${address}${path}`, { signal });
  const look = await watch(body, {
    seconds: LOOK_S,
    signal,
    load: async () => {
      const [campaign, report, timeline] = await Promise.all([told(""), told("/report"), told("/timeline")]);
      return { campaign, report: { ...report, made_at_ms: 0 }, timeline };
    },
    show: ({ campaign, report, timeline }) => {
      title(campaign.name);
      return [
        heading(
          campaign.name,
          campaign.description,
          h("a", { href: "#/campaigns" }, "All campaigns"),
          session.admin ? actions(campaign, address, signal, () => look()) : null,
        ),
        summary(campaign, report),
        alarm(report.verdict),
        overTime(campaign, timeline, signal),
        variants(campaign, report.verdict),
        comparisons(report.verdict.metrics, signal),
      ];
    },
  });
}

function summary(campaign, report) {
  return [
    h("p", { class: "verdict" }, badge(campaign.status, STATES[campaign.status]), " ", report.sentence),
    campaign.guardrails.length > 0 ? h("p", { class: "muted" }, `Guardrails: ${guardrails(campaign)}.`) : null,
    campaign.ending?.sentence ? h("p", { class: "muted" }, `Ended: ${campaign.ending.sentence}`) : null,
    figures(
      figure("Takes part", percent(campaign.share, 0), `of each ${campaign.unit}`),
      figure("Goal", campaign.goals[0]?.metric ?? "none"),
      figure("Wrong at most", percent(campaign.alpha, 1), "over all looks"),
      figure(
        "Runs for",
        campaign.started_at_ms === null ? "–" : duration((campaign.ended_at_ms ?? Date.now()) - campaign.started_at_ms),
      ),
      figure("Shares", campaign.allocation),
    ),
  ];
}

function guardrails({ guardrails: rails }) {
  return rails
    .map(
      (one) =>
        `${one.measure} at most ${rough(one.limit)}, or ${one.action === "drop" ? "the variant goes" : "it stops"}`,
    )
    .join("; ");
}

function alarm({ ratio }) {
  if (!ratio.mismatch) return null;
  return h(
    "p",
    { class: "alarm", role: "alert" },
    `No verdict: the variants did not get what their weights say. Such counts come with a chance of ${rough(ratio.p_value)} at most.`,
  );
}

function overTime(campaign, timeline, signal) {
  const title = h("h2", {}, "Over time");
  if (timeline.metric === null || timeline.data.length === 0) {
    const why =
      campaign.goals.length === 0
        ? "It has no goal, so there is nothing to draw."
        : campaign.goals[0].kind === "comparison"
          ? "Preferences have no line over time; they stand below."
          : "No value has come yet.";
    return h("section", { class: "card" }, title, h("p", { class: "muted" }, why));
  }
  const means = campaign.variants.map((variant) => ({
    name: variant.name,
    points: points(timeline.data, (moment) => moment.standings.find((one) => one.variant === variant.key), "mean"),
  }));
  const others = campaign.variants.slice(1).map((variant) => ({
    name: `${variant.name} − ${campaign.variants[0].name}`,
    points: points(timeline.data, (moment) => moment.effects.find((one) => one.second === variant.key), "effect"),
  }));
  const x = clock(timeline.data);
  const label = `${timeline.metric} of each variant over time, with intervals; ${timeline.better} is better`;
  return h(
    "section",
    { class: "card" },
    title,
    h("h3", {}, `${timeline.metric}, ${timeline.better} is better`),
    lines({ series: means, x, y: rough, label, signal }),
    h("h3", {}, "Difference to the first variant"),
    lines({
      series: others,
      x,
      y: rough,
      label: "Difference of each variant to the first over time, with intervals",
      zero: true,
      signal,
    }),
    h(
      "p",
      { class: "muted" },
      "The shades are intervals that hold over all looks at once. A difference is certain once its shade has left the line at 0.",
    ),
  );
}

/** How times are written: without the day where all are within one. */
function clock(moments) {
  const short = moments.at(-1).at_ms - moments[0].at_ms < DAY_MS;
  return (at) => (short ? time(new Date(at)).slice(0, 5) : date(new Date(at)));
}

function points(moments, find, value) {
  return moments
    .map((moment) => [moment.at_ms, find(moment)])
    .filter(([, found]) => found !== undefined)
    .map(([x, found]) => ({ x, y: found[value], low: found.low, high: found.high }));
}

function variants(campaign, verdict) {
  const whole = campaign.variants.reduce((sum, variant) => sum + (variant.dropped ? 0 : variant.weight), 0) || 1;
  const deciding = verdict.metrics[0];
  const standing = (variant) => deciding?.standings.find((one) => one.variant === variant.key);
  const changed = (variant) =>
    [
      variant.model,
      ...Object.entries(variant.sampling).map(([name, value]) => `${name} ${value}`),
      variant.system_prompt === null ? null : "its own prompt",
    ].filter((text) => text !== null);
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, "Variants"),
    table({
      caption: "Variants",
      columns: [
        {
          title: "Variant",
          cell: (variant) => [
            variant.name,
            variant.dropped ? badge("dropped", "bad") : null,
            verdict.winner === variant.key ? badge("best", "good") : null,
          ],
        },
        { title: "What it changes", cell: (variant) => changed(variant).join(", ") || "nothing" },
        { title: "Weight", numeric: true, cell: (variant) => percent(variant.dropped ? 0 : variant.weight / whole, 0) },
        { title: "Units", numeric: true, cell: (variant) => count(verdict.ratio.units[variant.key]) },
        { title: deciding?.key ?? "Mean", numeric: true, cell: (variant) => rough(standing(variant)?.mean) },
        { title: "Interval", numeric: true, cell: (variant) => range(standing(variant)) },
      ],
      rows: campaign.variants,
    }),
  );
}

function comparisons(metrics, signal) {
  const known = metrics.filter((metric) => metric.standings.some((standing) => standing.n > 0));
  if (known.length === 0) return null;
  return h(
    "section",
    { class: "card comparisons" },
    h("h2", {}, "By every measure"),
    known.map((metric) => comparison(metric, signal)),
  );
}

function comparison(metric, signal) {
  const rows = metric.comparisons.map((one) => ({
    name: `${one.second} − ${one.first}`,
    value: one.effect,
    low: one.low,
    high: one.high,
    certain: one.better !== null,
    text: `${one.effect > 0 ? "+" : ""}${rough(one.effect)} (${range(one)}), ${said(one)}`,
  }));
  return [
    h(
      "h3",
      {},
      metric.key,
      metric.decides ? badge("decides", "accent") : null,
      h("small", {}, `${metric.better} is better`),
    ),
    forest({ rows, label: `Differences by ${metric.key}`, signal }),
  ];
}

function said(one) {
  if (one.better !== null) return `${one.better === "second" ? one.second : one.first} is better`;
  return one.needed === null
    ? "no number of values would tell"
    : `about ${count(Number(one.needed.toPrecision(2)))} more values would tell`;
}

function range(found) {
  return found === undefined || found.low === null || found.high === null
    ? "nothing is excluded"
    : `${rough(found.low)} to ${rough(found.high)}`;
}

function actions(campaign, address, signal, look) {
  const step = async (name, done) => {
    await post(`${address}/${name}`, {}, { signal });
    say(`${campaign.name} ${done}.`);
    await look();
  };
  const stop = async () => {
    if (
      await confirm({
        title: `Stop ${campaign.name}`,
        text: "It is over for good: it cannot be started again.",
        action: "Stop",
        signal,
      })
    )
      await step("stop", "is stopped");
  };
  const { status } = campaign;
  return [
    status === "draft" || status === "paused"
      ? button("Start", () => step("start", "runs"), { kind: "primary" })
      : null,
    status === "running" ? button("Pause", () => step("pause", "is paused")) : null,
    status === "running" || status === "paused"
      ? button("Share", () => reshare(campaign, address, signal, look))
      : null,
    status === "running" || status === "paused" ? button("Stop", stop, { kind: "danger" }) : null,
    status === "draft" || status === "stopped" ? button("Archive", () => step("archive", "is archived")) : null,
  ];
}

async function reshare(campaign, address, signal, look) {
  const share = h("input", {
    type: "number",
    min: 0,
    max: 100,
    step: "any",
    required: true,
    value: String(campaign.share * 100),
  });
  const submit = () => patch(address, { share: Number(share.value) / 100 }, { signal });
  const changed = await ask({
    title: `How much of ${campaign.name} takes part`,
    content: [field("Percent", share, "Nobody moves from one variant to another.")],
    action: "Change",
    submit,
    signal,
  });
  if (changed !== null) await look();
}
