// Charts as SVG: lines with their intervals over time, intervals side by side, loads. Each has a text for who cannot see it.

import { add, h, replace, svg } from "./dom.js";

const MARGIN = { top: 12, right: 12, bottom: 26, left: 58 };
const NARROWEST = 240;
const SERIES = 8; // colours; what comes after begins again, with other dashes

/** Where on a line from `from` to `to` a number between `low` and `high` stands. */
export function scale(low, high, from, to) {
  const by = (to - from) / (high - low || 1);
  return (number) => from + (number - low) * by;
}

/** About `wanted` round numbers between two others. */
export function ticks(low, high, wanted = 5) {
  const rough = (high - low || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

/**
 * Lines over time. A series is `{name, points: [{x, y, low, high}]}`; `low` and `high` draw its interval, null where
 * nothing is excluded. `x` and `y` write numbers out, `label` says what there is to see, `zero` draws a line at 0.
 */
export function lines({ series, x, y, label, height = 240, zero = false, signal }) {
  const legend = h(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    series.map((one, place) => h("li", { class: colour(place) }, h("i"), one.name)),
  );
  const reading = h("p", { class: "reading muted", "aria-hidden": "true" }, "");
  const stage = h("div", { class: "stage" });
  const figure = h(
    "figure",
    { class: "plot" },
    legend,
    stage,
    reading,
    h("figcaption", { class: "visually-hidden" }, label),
  );
  const draw = () => {
    const width = Math.max(NARROWEST, stage.clientWidth);
    replace(stage, drawn({ series, x, y, label, width, height, zero }, reading));
  };
  const observer = new ResizeObserver(draw);
  observer.observe(stage);
  signal?.addEventListener("abort", () => observer.disconnect(), { once: true });
  return figure;
}

function drawn({ series, x, y, label, width, height, zero }, reading) {
  const picture = svg("svg", {
    class: "chart",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": label,
  });
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return picture;
  const [first, last] = extent(points.map((point) => point.x));
  const [low, high] = reach(points, zero);
  const across = scale(first, last, MARGIN.left, width - MARGIN.right);
  const down = scale(low, high, height - MARGIN.bottom, MARGIN.top);
  add(picture, grid({ low, high, first, last, across, down, x, y, width, height, zero }));
  for (const [place, one] of series.entries()) {
    add(picture, band(one, place, across, down, low, high), line(one, place, across, down));
  }
  add(picture, pointer({ series, across, x, y, width, height }, reading));
  return picture;
}

function grid({ low, high, first, last, across, down, x, y, width, height, zero }) {
  const rows = ticks(low, high, 5).map((tick) => [
    svg("line", {
      class: tick === 0 && zero ? "zero" : "grid",
      x1: MARGIN.left,
      x2: width - MARGIN.right,
      y1: down(tick),
      y2: down(tick),
    }),
    svg("text", { class: "tick", x: MARGIN.left - 8, y: down(tick) + 4, "text-anchor": "end" }, y(tick)),
  ]);
  const wanted = Math.max(2, Math.min(6, Math.floor(width / 130)));
  const columns = Array.from({ length: wanted }, (_, place) => first + ((last - first) * place) / (wanted - 1)).map(
    (at, place) =>
      svg(
        "text",
        {
          class: "tick",
          x: across(at),
          y: height - 8,
          "text-anchor": place === 0 ? "start" : place === wanted - 1 ? "end" : "middle",
        },
        x(at),
      ),
  );
  return [rows, first === last ? columns.slice(0, 1) : columns];
}

function band(one, place, across, down, low, high) {
  const known = one.points.filter((point) => point.low !== null && point.low !== undefined && point.high !== null);
  if (known.length === 0) return null;
  const above = known.map((point) => `${across(point.x)},${down(Math.min(high, point.high))}`);
  const below = known.map((point) => `${across(point.x)},${down(Math.max(low, point.low))}`).reverse();
  return svg("polygon", { class: `band ${colour(place)}`, points: [...above, ...below].join(" ") });
}

function line(one, place, across, down) {
  const path = one.points.map((point) => `${across(point.x)},${down(point.y)}`).join(" ");
  const end = one.points.at(-1);
  return [
    svg("polyline", { class: `line ${colour(place)}`, points: path }),
    end === undefined
      ? null
      : svg("circle", { class: `dot ${colour(place)}`, cx: across(end.x), cy: down(end.y), r: 3.5 }),
  ];
}

/** What stands under the pointer, in words below the picture. */
function pointer({ series, across, x, y, width, height }, reading) {
  const rule = svg("line", { class: "pointer", y1: MARGIN.top, y2: height - MARGIN.bottom, visibility: "hidden" });
  const area = svg("rect", {
    class: "area",
    x: MARGIN.left,
    y: MARGIN.top,
    width: width - MARGIN.left - MARGIN.right,
    height: height - MARGIN.top - MARGIN.bottom,
  });
  const times = [...new Set(series.flatMap((one) => one.points.map((point) => point.x)))];
  area.addEventListener("pointermove", (event) => {
    const at = event.clientX - area.ownerSVGElement.getBoundingClientRect().left;
    const nearest = times.reduce(
      (best, time) => (Math.abs(across(time) - at) < Math.abs(across(best) - at) ? time : best),
      times[0],
    );
    for (const [name, value] of [
      ["x1", across(nearest)],
      ["x2", across(nearest)],
      ["visibility", "visible"],
    ])
      rule.setAttribute(name, value);
    const said = series
      .map((one) => [one.name, one.points.find((point) => point.x === nearest)])
      .filter(([, point]) => point !== undefined);
    replace(
      reading,
      `${x(nearest)}  ${said.map(([name, point]) => `${name} ${y(point.y)}${interval(point, y)}`).join("  ")}`,
    );
  });
  area.addEventListener("pointerleave", () => {
    rule.setAttribute("visibility", "hidden");
    replace(reading, "");
  });
  return [rule, area];
}

/**
 * Intervals below each other on one scale around 0. A row is `{name, value, low, high, text, certain}`.
 */
export function forest({ rows, label, signal }) {
  const known = rows.filter((row) => row.low !== null && row.high !== null);
  const most = Math.max(
    ...known.map((row) => Math.max(Math.abs(row.low), Math.abs(row.high))),
    ...rows.map((row) => Math.abs(row.value)),
    1e-12,
  );
  const list = h("ul", { class: "forest", "aria-label": label });
  const draw = (stage, row) => {
    const width = Math.max(80, stage.clientWidth);
    const across = scale(-most, most, 8, width - 8);
    const sure = row.certain ? "certain" : "open";
    replace(
      stage,
      svg(
        "svg",
        { class: "chart", viewBox: `0 0 ${width} 24`, width, height: 24, "aria-hidden": "true" },
        svg("line", { class: "zero", x1: across(0), x2: across(0), y1: 0, y2: 24 }),
        row.low === null || row.high === null
          ? null
          : svg("line", { class: `whisker ${sure}`, x1: across(row.low), x2: across(row.high), y1: 12, y2: 12 }),
        svg("circle", { class: `dot ${sure}`, cx: across(row.value), cy: 12, r: 4.5 }),
      ),
    );
  };
  const stages = rows.map((row) => [h("div", { class: "stage" }), row]);
  add(
    list,
    stages.map(([stage, row]) =>
      h("li", {}, h("span", { class: "name" }, row.name), stage, h("span", { class: "numeric" }, row.text)),
    ),
  );
  const observer = new ResizeObserver(() => {
    for (const [stage, row] of stages) draw(stage, row);
  });
  if (stages.length > 0) observer.observe(stages[0][0]);
  signal?.addEventListener("abort", () => observer.disconnect(), { once: true });
  return list;
}

/** How much of something is taken, as a bar; `kind` is `warn`, `bad` or nothing. Without a label, words stand beside it. */
export function meter(value, most, label, kind = "") {
  const share = most > 0 ? Math.min(1, value / most) : 0;
  const said = label === "" ? { "aria-hidden": "true" } : { role: "img", "aria-label": label };
  return h("div", { class: `meter ${kind}`, ...said }, h("i", { style: { "inline-size": `${share * 100}%` } }));
}

/** The last values of something, as a small line that reaches from 0 to `most`. */
export function sparkline(values, most, label, { width = 160, height = 36 } = {}) {
  const across = scale(0, Math.max(1, values.length - 1), 1, width - 1);
  const down = scale(0, most || 1, height - 2, 2);
  const path = values.map((value, place) => `${across(place)},${down(Math.min(value, most || 1))}`);
  return svg(
    "svg",
    {
      class: "chart sparkline",
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    },
    svg("polygon", {
      class: "band series-0",
      points: [`1,${height - 1}`, ...path, `${across(values.length - 1)},${height - 1}`].join(" "),
    }),
    svg("polyline", { class: "line series-0", points: path.join(" ") }),
  );
}

function reach(points, zero) {
  const middle = extent(points.map((point) => point.y));
  const ends = extent(points.flatMap((point) => [point.low ?? point.y, point.high ?? point.y]));
  const seen = middle[1] - middle[0] || Math.abs(middle[1]) || 1;
  const low = Math.max(ends[0], middle[0] - seen); // early intervals are so wide that nothing else would be seen
  const high = Math.min(ends[1], middle[1] + seen);
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [zero ? Math.min(0, low - room) : low - room, zero ? Math.max(0, high + room) : high + room];
}

function interval(point, y) {
  return point.low === null || point.low === undefined || point.high === null
    ? ""
    : ` (${y(point.low)} to ${y(point.high)})`;
}

function extent(numbers) {
  return [Math.min(...numbers), Math.max(...numbers)];
}

function colour(place) {
  return `series-${place % SERIES}`;
}
