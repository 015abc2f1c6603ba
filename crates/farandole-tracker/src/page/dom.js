// Elements from data. Text goes in as text nodes only, so nothing that stands in an event can become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Makes `old` equal to `wanted` with the fewest changes: what is the same stays, with its scroll position and focus.
export function morph(old, wanted) {
  if (old.nodeType !== wanted.nodeType || old.nodeName !== wanted.nodeName) return old.replaceWith(wanted);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const handler of ["onclick", "onchange", "onsubmit", "ontoggle"]) old[handler] = wanted[handler];
  if ("value" in old && old.tagName !== "PROGRESS" && old !== document.activeElement && old.value !== wanted.value) old.value = wanted.value;
  morphChildren(old, [...wanted.childNodes]);
}

export function morphChildren(old, wanted) {
  const present = [...old.childNodes];
  wanted.forEach((child, at) => (at < present.length ? morph(present[at], child) : old.append(child)));
  for (const extra of present.slice(wanted.length)) extra.remove();
}
