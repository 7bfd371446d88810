// Tables from columns and rows. Numbers stand right and in figures of one width.

import { h } from "./dom.js";

/**
 * A table. A column is `{title, cell(row), numeric, hidden}`; `hidden` columns show on wide screens only. `rowProps`
 * gives further properties for a row, such as a class.
 */
export function table({ caption, columns, rows, rowProps = () => ({}) }) {
  return h(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col", class: classes(column) }, column.title)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) => tableRow(columns, row, rowProps(row))),
      ),
    ),
  );
}

function tableRow(columns, row, properties) {
  return h(
    "tr",
    properties,
    columns.map((column) => h("td", { class: classes(column) }, column.cell(row))),
  );
}

function classes(column) {
  return [column.numeric ? "numeric" : "", column.hidden ? "wide-only" : ""].join(" ").trim() || null;
}
