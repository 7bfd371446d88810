// The frame around every page: navigation, who is signed in, theme, sign-out. It opens and leaves pages.

import { h, replace } from "./dom.js";
import { short } from "./format.js";
import { icon } from "./icons.js";
import { fail } from "./notices.js";
import { found, pagesOf } from "./pages.js";
import { button, empty, failure } from "./parts.js";
import { signOut } from "./session.js";
import { nextTheme, theme } from "./theme.js";

/** Show the pages of a session until `left` is aborted. */
export function frame(root, session, left) {
  const pages = pagesOf(session);
  const main = h("main", { id: "main", tabindex: "-1" });
  const links = new Map(pages.map((page) => [page.name, link(page)]));
  const navigation = h("nav", { id: "navigation", "aria-label": "Pages" }, groups(pages, links));
  const menu = h(
    "button",
    {
      type: "button",
      class: "quiet menu",
      "aria-expanded": "false",
      "aria-controls": "navigation",
      "aria-label": "Menu",
    },
    icon("menu"),
  );
  const side = h("div", { class: "side" }, brand(menu), navigation, footer(session, left));
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(side.classList.toggle("open"))));
  replace(root, side, main);
  const opener = new Opener(main, { session, ended: left.signal }, (page) => {
    for (const [name, anchor] of links) {
      if (name === page.name) anchor.setAttribute("aria-current", "page");
      else anchor.removeAttribute("aria-current");
    }
    side.classList.remove("open");
    menu.setAttribute("aria-expanded", "false");
  });
  if (pages.length === 0) replace(main, empty("There is no page for this key", "It has no scope that a page takes."));
  else opener.follow(pages, left.signal);
  return new Promise((resolve) => {
    left.signal.addEventListener("abort", () => {
      opener.leave();
      resolve();
    });
  });
}

/** Opens one page at a time, and ends the one before. */
class Opener {
  constructor(main, context, opened) {
    this.main = main;
    this.context = context;
    this.opened = opened;
    this.left = new AbortController();
    this.first = true;
  }

  /** Open what the address names, now and at each change of it. */
  follow(pages, signal) {
    const go = () => this.open(found(pages, location.hash));
    window.addEventListener("hashchange", go, { signal });
    go();
  }

  async open({ page, params }) {
    this.leave();
    const { signal } = this.left;
    this.opened(page);
    document.title = `${page.title} · Antiphon`;
    const view = h("section", { class: page.name, "aria-label": page.title });
    replace(this.main, view);
    if (!this.first) this.main.focus({ preventScroll: true }); // a screen reader begins at the new page
    this.first = false;
    window.scrollTo(0, 0);
    const title = (text) => {
      document.title = `${text} · ${page.title} · Antiphon`;
    };
    try {
      const { open } = await page.module();
      if (!signal.aborted) await open(view, { ...this.context, params, signal, title });
    } catch (error) {
      if (!signal.aborted) replace(view, failure(error));
    }
  }

  leave() {
    this.left.abort();
    this.left = new AbortController();
  }
}

function link(page) {
  return h("a", { href: `#/${page.name}` }, icon(page.name), h("span", {}, page.title));
}

function groups(pages, links) {
  return [...new Set(pages.map((page) => page.group))].map((group) => [
    h("h2", {}, group),
    h(
      "ul",
      {},
      pages.filter((page) => page.group === group).map((page) => h("li", {}, links.get(page.name))),
    ),
  ]);
}

function brand(menu) {
  return h(
    "div",
    { class: "brand" },
    h(
      "a",
      { href: "#/", "aria-label": "Antiphon, first page" },
      h("img", { src: "/console/icon.svg", alt: "", width: 24, height: 24 }),
      h("span", {}, "Antiphon"),
    ),
    menu,
  );
}

function footer(session, left) {
  const name = h("span", { class: "account", title: session.account }, short(session.account, 8));
  const themes = button(`Theme: ${theme()}`, () => replace(themes, `Theme: ${nextTheme()}`), { kind: "quiet" });
  const out = button(
    "Sign out",
    async () => {
      await signOut().catch(fail);
      left.abort("signed out");
    },
    { kind: "quiet" },
  );
  return h(
    "footer",
    {},
    name,
    themes,
    out,
    h("small", { class: "muted" }, `Antiphon ${session.gateway.version} · `, h("a", { href: "/docs" }, "API")),
  );
}
