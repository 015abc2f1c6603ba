// Who told whom: one lifeline per participant, one row per event, arrows to the steps that it triggers.

import { s } from "./dom.js";
import { duration } from "./words.js";

const GAP = 190;
const ROW = 40;
const TOP = 46;

export function sequence(it) {
  const ends = new Map(it.ended ? [[it.ended.event, it.ended.kind]] : []);
  const names = ["outside", ...new Set([...it.timeline.map((entry) => entry.participant), ...it.firings.map((firing) => firing.participant)])];
  const column = new Map(names.map((name, at) => [name, 90 + at * GAP]));
  const width = 90 + names.length * GAP;
  const height = TOP + it.timeline.length * ROW + 30;
  const byCause = Map.groupBy ? Map.groupBy(it.firings, (firing) => firing.cause.id) : group(it.firings);
  const drawing = s("svg", { class: "sequence", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    s("title", {}, "Events between participants, in causal order"),
    names.map((name) => [
      s("line", { class: "life", x1: column.get(name), x2: column.get(name), y1: 34, y2: height }),
      s("rect", { class: "actor", x: column.get(name) - 76, y: 6, width: 152, height: 28, rx: name === "outside" ? 14 : 6 }),
      s("text", { x: column.get(name), y: 24, "text-anchor": "middle" }, name.length > 20 ? `${name.slice(0, 19)}…` : name),
    ]),
    it.timeline.map((entry, at) => row(entry, TOP + at * ROW + 22, column, byCause.get(entry.id) ?? [], ends)));
  return drawing;
}

function group(firings) {
  const found = new Map();
  for (const firing of firings) found.set(firing.cause.id, [...(found.get(firing.cause.id) ?? []), firing]);
  return found;
}

function row(entry, y, column, firings, ends) {
  const from = column.get(entry.participant);
  const begun = entry.kind === "event" && (entry.waited === "outside" || !entry.cause);
  const told = new Map();
  if (entry.kind === "event") {
    for (const firing of firings) {
      const solid = firing.state === "done";
      told.set(firing.participant, solid || told.get(firing.participant) || false);
    }
  }
  const tone = entry.kind !== "event" ? "gone" : ends.has(entry.event) ? `end-${ends.get(entry.event)}` : "dot";
  const text = entry.kind === "event" ? entry.event : `${entry.kind}: ${entry.note ?? ""}`;
  return s("g", {},
    begun && arrow(column.get("outside"), from, y, true),
    [...told].map(([name, solid]) => (name === entry.participant ? loop(from, y, solid) : arrow(from, column.get(name), y, solid))),
    s("circle", { class: tone, cx: from, cy: y, r: 5 }),
    s("text", { x: from + 10, y: y - 7 }, text.length > 60 ? `${text.slice(0, 59)}…` : text),
    entry.after_ms !== undefined && s("text", { class: "q", x: from + 10, y: y + 15 }, `${entry.step ?? ""} ${duration(entry.after_ms)}`));
}

function arrow(from, to, y, solid) {
  const end = to > from ? to - 7 : to + 7;
  const head = to > from ? `M${end} ${y - 4}L${end + 6} ${y}L${end} ${y + 4}z` : `M${end} ${y - 4}L${end - 6} ${y}L${end} ${y + 4}z`;
  return s("g", {}, s("path", { class: `arrow ${solid ? "" : "dashed"}`, d: `M${from} ${y}H${end}` }), s("path", { class: "head", d: head }));
}

function loop(x, y, solid) {
  return s("path", { class: `arrow ${solid ? "" : "dashed"}`, d: `M${x} ${y}h-22v14h16` });
}
