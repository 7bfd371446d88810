// Line icons, drawn here: one path each on a field of 24.

import { svg } from "./dom.js";

const PATHS = {
  playground: "M4 5h16v11H9l-5 4z",
  live: "M4 6h9M7 12h9M11 18h9",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  nodes: "M5 4h14v6H5zM5 14h14v6H5zM8 7h.01M8 17h.01",
  campaigns: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  channels: "M5 9h14M5 15h14M10 4L8 20M16 4l-2 16",
  balance: "M3 7h18v12H3zM3 11h18M16 15h2",
  keys: "M14 10a4 4 0 1 1-2.5-3.7A4 4 0 0 1 14 10zM14 10h7v3M18 10v3",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6",
  menu: "M4 6h16M4 12h16M4 18h16",
  stop: "M6 6h12v12H6z",
  send: "M4 12h15M13 6l6 6-6 6",
};

/** An icon by name; decoration, so nothing reads it out. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
