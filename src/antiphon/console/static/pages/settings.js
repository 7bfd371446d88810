// Settings: what this gateway runs with, and what each means. They are read here, and changed in its configuration.

import { get } from "../api.js";
import { add, h, replace } from "../dom.js";
import { count } from "../format.js";
import { badge, empty, heading } from "../parts.js";
import { table } from "../table.js";

/** All settings, those that were changed first in sight. */
export async function open(view, { signal }) {
  const { settings } = await get("/v1/console/settings", { signal });
  const search = h("input", { type: "search", placeholder: "Name or meaning", "aria-label": "Search settings" });
  const changed = h("input", { type: "checkbox", checked: true });
  const body = h("div", { class: "stack" });
  const show = () => {
    const words = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const found = settings.filter(
      (one) =>
        (!changed.checked || one.changed) &&
        words.every((word) => `${one.name} ${one.description}`.toLowerCase().includes(word)),
    );
    replace(
      body,
      found.length === 0 ? empty("No setting is like that", "Others are found by other words.") : sections(found),
    );
  };
  search.addEventListener("input", show);
  changed.addEventListener("change", show);
  const differ = settings.filter((one) => one.changed).length;
  add(
    view,
    heading(
      "Settings",
      `Read when the gateway started; ${count(differ)} of ${count(settings.length)} differ from their defaults. Change them in its configuration, and start it anew.`,
    ),
    h("div", { class: "inline filters" }, search, h("label", { class: "check" }, changed, "Changed only")),
    body,
  );
  show();
}

function sections(settings) {
  const names = [...new Set(settings.map(section))];
  return names.map((name) =>
    h(
      "section",
      { class: "stack" },
      h("h2", {}, name || "General"),
      table({
        caption: `Settings of ${name || "the gateway"}`,
        columns: [
          { title: "Setting", cell: (one) => h("code", {}, one.name) },
          { title: "Value", cell: value },
          { title: "Meaning", hidden: true, cell: meaning },
        ],
        rows: settings.filter((one) => section(one) === name),
      }),
    ),
  );
}

function section(setting) {
  const [first, ...rest] = setting.name.split(".");
  return rest.length === 0 && !first.includes("[") ? "" : first.replace(/\[\d+\]$/, "");
}

function value(setting) {
  if (setting.secret) return badge(setting.value === null ? "not set" : "set", setting.value === null ? "" : "accent");
  const was = setting.changed ? h("small", { class: "muted" }, `default ${written(setting.default)}`) : null;
  return [h("code", {}, written(setting.value)), was];
}

function written(given) {
  if (given === null || given === undefined || given === "") return "–";
  return typeof given === "string" ? given : JSON.stringify(given);
}

/** A sentence whose names stand in backticks. */
function meaning(setting) {
  return setting.description.split("`").map((text, place) => (place % 2 === 1 ? h("code", {}, text) : text));
}
