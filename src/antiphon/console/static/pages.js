// The table of pages: address, title, and which accounts have it. A new page is one row and one module.

import { h } from "./dom.js";

/**
 * `scope` is what a page takes. `module` loads it when it is first opened, and exports
 * `open(view, context)`: it fills the section `view`. `context` has `session`, `params` (what follows the page's name
 * in the address), `signal` (aborted when the page is left: give it to every request, listener and timer), `ended`
 * (aborted when the session ends) and `title(text)`, which names the window.
 */
export const PAGES = [
  {
    name: "playground",
    title: "Playground",
    group: "Use",
    scope: "inference",
    module: () => import("./pages/playground.js"),
  },
  { name: "live", title: "Live requests", group: "Use", scope: "inference", module: () => import("./pages/live.js") },
  { name: "models", title: "Models", group: "Use", scope: "inference", module: () => import("./pages/models.js") },
  { name: "nodes", title: "Nodes", group: "Run", scope: "admin", module: () => import("./pages/nodes.js") },
  {
    name: "campaigns",
    title: "Campaigns",
    group: "Run",
    scope: "inference",
    module: () => import("./pages/campaigns.js"),
  },
  { name: "channels", title: "Channels", group: "Run", scope: "channel", module: () => import("./pages/channels.js") },
  { name: "balance", title: "Balance", group: "Account", scope: "credits", module: () => import("./pages/balance.js") },
  { name: "keys", title: "Keys", group: "Account", scope: "keys", module: () => import("./pages/keys.js") },
  {
    name: "settings",
    title: "Settings",
    group: "Account",
    scope: "admin",
    module: () => import("./pages/settings.js"),
  },
];

/** The pages that this session may open. */
export function pagesOf(session) {
  return PAGES.filter((page) => session.may(page.scope));
}

/** A link to a page, or null where this session has no such page. */
export function linkTo(session, name, text) {
  return pagesOf(session).some((page) => page.name === name) ? h("a", { href: `#/${name}` }, text) : null;
}

/** The page and what follows it in an address such as `#/nodes/node_1`; the first page where it names none of them. */
export function found(pages, hash) {
  const [name, ...params] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  const page = pages.find((one) => one.name === name);
  return page === undefined ? { page: pages[0], params: [] } : { page, params: params.filter((one) => one !== "") };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
