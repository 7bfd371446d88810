// Elements made in one expression. Text is always text: nothing here parses markup, so nothing can smuggle it in.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "indeterminate", "srcObject", "textContent"]);

/**
 * An element. `on` holds listeners by event, `style` CSS properties, `data` data attributes; the rest are attributes,
 * left out where null or false. Children are nodes, texts, or lists of them; null and false are left out.
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/** Put these children in the place of all that an element has. */
export function replace(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Add children to an element. */
export function add(element, ...children) {
  element.append(...flat(children));
  return element;
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  return add(element, ...children);
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
