// Channels: messages between accounts, in one order, followed as they come.

import { get, part, patch, post, query, remove, stream } from "../api.js";
import { ask, confirm } from "../dialogs.js";
import { add, h, replace } from "../dom.js";
import { date, short } from "../format.js";
import { fail, say } from "../notices.js";
import { badge, button, empty, field, heading } from "../parts.js";
import { pause, watch } from "../refresh.js";

const LOOK_S = 10;
const PART = 50;
const AGAIN_S = 2;
const NEAR_END = 80; // pixels from the end, within which a reader is taken to follow

/** The channels, and the messages of the one that the address names. */
export async function open(view, context) {
  const { session, params, signal, title } = context;
  const chosen = params.length > 0 ? params.join("/") : null;
  const list = h("nav", { class: "channel-list", "aria-label": "Channels" });
  const reader = h("div", { class: "channel" });
  const create = button("Create a channel", () => made(session, signal), { kind: "primary" });
  add(
    view,
    heading("Channels", "Messages for agents and people of several accounts.", create),
    h("div", { class: "channels-layout" }, list, reader),
  );
  let channels = [];
  await watch(list, {
    seconds: LOOK_S,
    signal,
    load: () => get("/v1/channels", { signal }),
    show: ({ data }) => {
      channels = data;
      return h(
        "ul",
        {},
        data.map((one) => h("li", {}, link(one, chosen))),
      );
    },
  });
  if (chosen === null) {
    replace(
      reader,
      empty(
        "Choose a channel",
        "What is posted to it is shown here, and follows as it comes. In a terminal:",
        "antiphon channel follow general",
      ),
    );
    return;
  }
  title(chosen);
  await read(
    reader,
    chosen,
    channels.find((one) => one.channel === chosen),
    context,
  );
}

function link(channel, chosen) {
  const current = channel.channel === chosen ? "page" : null;
  return h(
    "a",
    { href: `#/channels/${part(channel.channel)}`, "aria-current": current },
    h("span", {}, channel.name),
    channel.public ? badge("public") : null,
  );
}

async function read(reader, name, known, { session, signal }) {
  const list = h("ol");
  const messages = h(
    "div",
    { class: "messages", tabindex: "0", "aria-label": `Messages in ${name}`, role: "log" },
    list,
  );
  const earlier = h("div");
  replace(
    reader,
    h(
      "div",
      { class: "heading" },
      h("h2", {}, name),
      h("div", { class: "actions" }, owned(name, known, session, signal)),
    ),
    earlier,
    messages,
    composer(name, signal),
  );
  const shown = new Map();
  const show = (message, first = false) => {
    if (shown.has(message.id)) return;
    const near = messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_END;
    const item = messageItem(message, session, signal, () => item.remove());
    shown.set(message.id, item);
    if (first) list.prepend(item);
    else list.append(item);
    if (near && !first) messages.scrollTop = messages.scrollHeight;
  };
  const page = await get(query("/v1/channel", { channel: name, limit: PART }), { signal });
  for (const message of page.messages) show(message);
  messages.scrollTop = messages.scrollHeight;
  if (page.hasMore)
    replace(
      earlier,
      older(
        name,
        () => [...shown.keys()].sort()[0],
        (found) => {
          for (const message of [...found].reverse()) show(message, true);
        },
        signal,
      ),
    );
  follow(name, () => [...shown.keys()].sort().at(-1) ?? "", show, signal);
}

/** What comes, as it comes; a stream that ended is begun again behind the last message that was seen. */
async function follow(name, last, show, signal) {
  while (!signal.aborted) {
    try {
      for await (const event of stream(query("/v1/channel", { channel: name, follow: true, after: last() }), {
        signal,
      })) {
        if (event.data !== "") show(JSON.parse(event.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500) {
        fail(error);
        return;
      }
    }
    await pause(AGAIN_S, signal);
  }
}

function older(name, first, show, signal) {
  const more = button(
    "Earlier messages",
    async () => {
      const page = await get(query("/v1/channel", { channel: name, limit: PART, before: first() }), { signal });
      show(page.messages);
      if (!page.hasMore) more.remove();
    },
    { kind: "quiet" },
  );
  return more;
}

function messageItem(message, session, signal, gone) {
  const drop = async () => {
    const sure = await confirm({
      title: "Delete this message",
      text: "Whoever has read it has read it; nobody else will.",
      action: "Delete",
      signal,
    });
    if (!sure) return;
    await remove(`/v1/channel/${part(message.id)}`, { signal });
    gone();
  };
  const mine = session.admin || message.author === session.account;
  return h(
    "li",
    {},
    h(
      "div",
      { class: "who" },
      h("strong", { title: message.author }, message.authorName),
      h("time", { datetime: message.createdAt, class: "muted" }, date(message.createdAt)),
      mine
        ? button("Delete", drop, { kind: "quiet", "aria-label": `Delete the message of ${message.authorName}` })
        : null,
    ),
    h("p", {}, message.content),
  );
}

function composer(name, signal) {
  const text = h("textarea", {
    rows: 2,
    required: true,
    "aria-label": "Message",
    placeholder: `Write to ${name}; Control and Enter post it`,
  });
  const send = h("button", { type: "submit", class: "primary" }, "Post");
  const form = h("form", { class: "inline" }, text, send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await post(
        "/v1/channel",
        { channel: name, content: text.value },
        { signal, headers: { "idempotency-key": crypto.randomUUID() } },
      );
      text.value = "";
    } catch (error) {
      fail(error);
    } finally {
      send.disabled = false;
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

function owned(name, known, session, signal) {
  if (known === undefined || known.public || known.owner !== session.account)
    return known?.owner ? h("span", { class: "muted" }, `of ${short(known.owner)}`) : null;
  const drop = async () => {
    const sure = await confirm({
      title: `Delete ${known.name}`,
      text: "All its messages go with it.",
      action: "Delete",
      signal,
    });
    if (!sure) return;
    await remove(`/v1/channels/${part(name)}`, { signal });
    location.hash = "#/channels";
  };
  return [button("Members", () => members(name, signal)), button("Delete", drop, { kind: "danger" })];
}

async function members(name, signal) {
  const channel = await get(`/v1/channels/${part(name)}`, { signal });
  const list = h("textarea", { rows: 5, value: (channel.members ?? []).join("\n"), spellcheck: "false" });
  const submit = async () => {
    const wanted = names(list.value);
    const before = channel.members ?? [];
    await patch(
      `/v1/channels/${part(name)}`,
      {
        addMembers: wanted.filter((one) => !before.includes(one)),
        removeMembers: before.filter((one) => !wanted.includes(one)),
      },
      { signal },
    );
    return true;
  };
  if (
    await ask({
      title: `Members of ${channel.name}`,
      content: [field("Accounts", list, "One a line: they read and post.")],
      action: "Change",
      submit,
      signal,
    })
  )
    say("The members are changed.");
}

async function made(session, signal) {
  const name = h("input", { required: true, maxlength: 64, autocomplete: "off" });
  const list = h("textarea", { rows: 3, spellcheck: "false" });
  const everybody = h("input", { type: "checkbox" });
  const content = [
    field("Name", name),
    field("Members", list, "Accounts that read and post, one a line"),
    session.admin
      ? h("label", { class: "check" }, everybody, "Public: everybody reads and posts, and it has no members")
      : null,
  ];
  const body = () => ({
    name: name.value.trim(),
    public: everybody.checked,
    members: everybody.checked ? [] : names(list.value),
  });
  const channel = await ask({
    title: "Create a channel",
    content,
    action: "Create",
    submit: () => post("/v1/channels", body(), { signal }),
    signal,
  });
  if (channel !== null) location.hash = `#/channels/${part(channel.channel)}`;
}

function names(text) {
  return text.split(/[\s,]+/).filter((one) => one !== "");
}
