// An answer's Markdown as elements, while it still grows: only its last block is made again. Nothing is loaded for it.

import { add, h, replace } from "./dom.js";
import { copier } from "./parts.js";

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/;
const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\*(?!\s)(.+?)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/s;
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+/;

/** Shows a text that comes in pieces. */
export class Prose {
  constructor(element) {
    this.element = element;
    this.text = "";
    this.settled = 0; // where the last block begins: what is before it never changes again
    this.last = [];
  }

  /** Add a piece. */
  push(piece) {
    this.text += piece;
    const blocks = cut(this.text.slice(this.settled));
    const open = blocks.pop();
    for (const node of this.last) node.remove();
    for (const block of blocks) add(this.element, shown(block.text));
    this.settled += open.start;
    this.last = [shown(open.text)].flat();
    add(this.element, this.last);
  }
}

/** A whole text. */
export function prose(element, text) {
  replace(element);
  new Prose(element).push(text);
}

/** Blocks are parted by empty lines, except within a fence. The last one may be unfinished. */
export function cut(text) {
  const blocks = [];
  let start = 0;
  let at = 0;
  let fence = null;
  for (const line of text.split(/(?<=\n)/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence === null && mark !== undefined) {
      if (at > start) blocks.push({ start, text: text.slice(start, at) });
      start = at;
      fence = mark;
    } else if (fence !== null && mark?.startsWith(fence)) {
      fence = null;
      blocks.push({ start, text: text.slice(start, at + line.length) });
      start = at + line.length;
    } else if (fence === null && line.endsWith("\n") && line.trim() === "") {
      blocks.push({ start, text: text.slice(start, at + line.length) });
      start = at + line.length;
    }
    at += line.length;
  }
  blocks.push({ start, text: text.slice(start) });
  return blocks;
}

function shown(block) {
  const lines = block.replace(/^\n+|\s+$/g, "").split("\n");
  if (lines.length === 1 && lines[0].trim() === "") return [];
  if (FENCE.test(lines[0])) return code(lines);
  const heading = /^(#{1,6})\s+(.*)$/.exec(lines[0]);
  if (heading !== null)
    return [h("p", { class: "prose-heading" }, inline(heading[2])), shown(lines.slice(1).join("\n"))].flat();
  if (lines.every((line) => line.startsWith(">")))
    return h("blockquote", {}, shown(lines.map((line) => line.replace(/^>\s?/, "")).join("\n")));
  if (ITEM.test(lines[0])) return list(lines);
  return h("p", {}, inline(lines.join("\n")));
}

function code(lines) {
  const mark = FENCE.exec(lines[0])[1];
  const closed = lines.length > 1 && lines.at(-1).trim().startsWith(mark);
  const text = lines.slice(1, closed ? -1 : undefined).join("\n");
  return h(
    "div",
    { class: "code-block" },
    h("pre", { tabindex: "0", "aria-label": "Code" }, h("code", {}, text)),
    copier(() => text),
  );
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    if (ITEM.test(line) || items.length === 0) items.push(line.replace(ITEM, ""));
    else items[items.length - 1] += `\n${line.trim()}`;
  }
  const start = /^\s*(\d+)/.exec(lines[0])?.[1];
  return h(
    start === undefined ? "ul" : "ol",
    { start },
    items.map((item) => h("li", {}, inline(item))),
  );
}

function inline(text) {
  const found = INLINE.exec(text);
  if (found === null) return [text];
  const [whole, , codeText, strong, emphasis, label, address] = found;
  const before = text.slice(0, found.index);
  return [
    before,
    marked(codeText, strong, emphasis, label, address),
    ...inline(text.slice(found.index + whole.length)),
  ];
}

function marked(codeText, strong, emphasis, label, address) {
  if (codeText !== undefined) return h("code", {}, codeText.trim() || codeText);
  if (strong !== undefined) return h("strong", {}, inline(strong));
  if (emphasis !== undefined) return h("em", {}, inline(emphasis));
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
