// The workflow's drawing with counts on its steps. The drawing is copied element by element from a short list of
// harmless ones, so that a definition can't bring scripts or links.

import { s } from "./dom.js";
import { number } from "./words.js";

const ELEMENTS = new Set(["svg", "title", "defs", "marker", "path", "g", "rect", "text", "tspan", "circle", "line"]);
const ATTRIBUTES = new Set(["viewBox", "id", "refX", "refY", "markerWidth", "markerHeight", "orient", "d", "fill", "stroke", "x", "y", "width",
  "height", "rx", "ry", "cx", "cy", "r", "x1", "x2", "y1", "y2", "opacity", "stroke-dasharray", "stroke-width", "stroke-opacity", "marker-end",
  "font-size", "font-family", "font-weight", "text-anchor", "data-step", "data-event", "role"]);

function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !ELEMENTS.has(node.nodeName)) return null;
  const attributes = {};
  for (const { name, value } of node.attributes) if (ATTRIBUTES.has(name)) attributes[name] = value;
  return s(node.nodeName, attributes, [...node.childNodes].map(copy));
}

export function flow(version) {
  const parsed = new DOMParser().parseFromString(version.svg.replace(/ style="[^"]*"/g, ""), "image/svg+xml").documentElement;
  const drawing = copy(parsed);
  if (!drawing) return s("svg", {});
  const [, , width, height] = (drawing.getAttribute("viewBox") ?? "0 0 600 300").split(" ");
  drawing.setAttribute("class", "flow");
  drawing.setAttribute("width", width);
  drawing.setAttribute("height", height);
  for (const step of version.steps) {
    const box = drawing.querySelector(`[data-step="${CSS.escape(step.step)}"]`);
    const rect = box?.querySelector("rect");
    const waiting = step.open + step.outside;
    if (!rect || !waiting) continue;
    const tone = step.overdue ? "stuck" : step.open ? "running" : "warn";
    const text = number(waiting);
    const wide = Math.max(20, 9 + 7 * text.length);
    const x = Number(rect.getAttribute("x")) + Number(rect.getAttribute("width")) - wide / 2;
    const y = Number(rect.getAttribute("y"));
    box.append(
      s("rect", { class: `bubble ${tone}`, x, y: y - 10, width: wide, height: 20, rx: 10 }),
      s("text", { class: "bubble-text", x: x + wide / 2, y: y + 4, "text-anchor": "middle" }, text));
  }
  return drawing;
}
