import { h, s } from "./dom.js";
import { sequence } from "./sequence.js";
import { ago, badge, clock, duration, exact, flag, link, number, place } from "./words.js";

// What the reader has opened stays open while the page refreshes itself.
const opened = { id: null, payloads: false, all: false };
const FIRST = 200;

function again(more) {
  Object.assign(opened, more);
  window.dispatchEvent(new Event("refresh"));
}

export async function instance(get, id) {
  if (opened.id !== id) Object.assign(opened, { id, payloads: false, all: false });
  const path = `/api/instances/${encodeURIComponent(id)}`;
  const [it, records] = await Promise.all([get(path), opened.payloads ? get(`${path}/events`) : null]);
  const now = it.as_of.at_ms;
  return [
    heading(it, now),
    h("div", { class: "grid" },
      h("div", {}, reasons(it, now), deviations(it)),
      h("div", {}, waiting(it, now))),
    h("h2", {}, "Timeline"), timeline(it, now),
    h("h2", {}, "Sequence"), h("div", { class: "panel drawing" }, sequence(shorten(it))), more(it),
    h("h2", {}, "Events"), events(it, now), payloads(records),
  ];
}

const shorten = (it) => (opened.all ? it : { ...it, timeline: it.timeline.slice(0, FIRST) });

function more(it) {
  if (opened.all || it.timeline.length <= FIRST) return null;
  return h("p", {}, h("button", { onclick: () => again({ all: true }) }, `show all ${number(it.timeline.length)} entries`));
}

function heading(it, now) {
  const facts = [
    ["workflow", it.workflow ? `${it.workflow}${it.version ? ` v${it.version}` : ""}${it.declared ? "" : " (not declared)"}` : "none named"],
    ["correlation", h("code", {}, it.correlation)],
    it.tenant && ["tenant", it.tenant],
    ["started", it.started_ms === null ? "" : h("span", { title: exact(it.started_ms) }, `${clock(it.started_ms, now)}, ${ago(it.started_ms, now)}`)],
    it.ended && ["ended", `${it.ended.event} after ${duration(it.ended.at_ms - it.started_ms)}`],
    it.repeats > 0 && ["repeated records", number(it.repeats)],
    it.other_runs.length > 0 && ["other runs", it.other_runs.map((run) => [h("a", { href: link(run) }, run), " "])],
  ].filter(Boolean);
  return h("section", { class: "panel" },
    h("div", { class: "row spread" }, h("h1", {}, it.key ?? it.correlation), h("span", { class: "row" }, badge(it.status), it.flags.map(flag))),
    it.progress.percent !== null && h("progress", { class: "wide", max: 100, value: it.progress.percent, title: `${it.progress.percent} % done` }),
    it.progress.remaining.length > 0 && h("ol", { class: "steps", title: "the shortest way that is left" }, h("li", { class: "label" }, "still to come"),
      it.progress.remaining.map((left) => h("li", { title: left.instead.length ? `or ${left.instead.join(", ")}` : "" }, left.step, " ", h("span", { class: "quiet" }, left.participant)))),
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function reasons(it, now) {
  const bad = it.status === "stuck";
  const title = bad ? "Why it is stuck" : it.why.length ? "What is on its way" : null;
  if (!title) return null;
  return h("div", {}, h("h2", {}, title), h("div", { class: "panel" }, it.why.map((why) => h("div", { class: `why ${why.overdue || why.reason === "dead-lettered" ? "stuck" : "running"}` },
    h("div", { class: "row" }, h("span", { class: `badge ${why.overdue || why.reason === "dead-lettered" ? "stuck" : "running"}` }, why.reason),
      h("b", {}, why.step), h("span", { class: "quiet" }, why.participant),
      why.overdue && h("span", { class: "late" }, `${duration(now - why.due_ms)} overdue`)),
    h("p", {}, why.detail),
    h("p", { class: "quiet" }, `${why.event} at `, h("code", {}, place(why)), `, since ${clock(why.since_ms, now)}`, why.next_try_ms ? `, next try ${clock(why.next_try_ms, now)}` : ""),
    why.command && h("span", { class: "command" }, why.command)))));
}

function deviations(it) {
  if (!it.deviations.length) return null;
  return h("div", {}, h("h2", {}, "Deviations"), h("div", { class: "panel" }, it.deviations.map((deviation) => h("div", { class: "why warn" },
    h("div", { class: "row" }, flag(deviation.kind), h("b", {}, deviation.event), h("code", {}, place(deviation.position))),
    h("p", {}, deviation.explanation)))));
}

function waiting(it, now) {
  if (!it.waits_for.length) return null;
  const word = { participant: "owes", outside: "waits for somebody outside", possible: "may happen" };
  return h("div", {}, h("h2", {}, "Waits for"), h("div", { class: "panel" }, h("ul", { class: "waits" }, it.waits_for.map((waits) => h("li", {},
    h("b", {}, waits.step),
    h("span", { class: "quiet" }, waits.kind === "participant" ? `${waits.participant} owes ${waits.events.join(" or ")}` : `${word[waits.kind]} (${waits.participant})`),
    waits.overdue ? h("span", { class: "late" }, `${duration(now - waits.due_ms)} overdue`)
      : waits.due_ms ? h("span", { class: "quiet" }, `${duration(waits.due_ms - now)} left`)
      : waits.kind === "outside" ? h("span", { class: "quiet" }, `for ${duration(now - waits.since_ms)}`) : null)))));
}

const LABEL = 250;
const WIDTH = 1140;
const ROW = 24;

function timeline(it, now) {
  const done = shorten(it).timeline.map((entry) => ({ ...entry, label: entry.event || entry.note, sub: entry.step ?? entry.participant, from: entry.at_ms - (entry.after_ms ?? 0), to: entry.at_ms,
    tone: entry.kind !== "event" ? "" : entry.late ? "latebar" : entry.waited ?? "", text: entry.kind === "event" ? duration(entry.after_ms) : entry.note }));
  const open = it.waits_for.filter((waits) => waits.kind !== "possible" && waits.since_ms !== null).map((waits) => ({ label: waits.events.join(" / "), sub: waits.step,
    from: waits.since_ms, to: Math.max(now, waits.since_ms), tone: waits.overdue ? "overdue" : waits.kind === "outside" ? "outside" : "open", text: duration(now - waits.since_ms), pending: true }));
  const rows = [...done, ...open];
  if (!rows.length) return null;
  const start = Math.min(...rows.map((row) => row.from));
  const end = Math.max(...rows.map((row) => row.to), start + 1);
  const x = (at) => LABEL + ((at - start) / (end - start)) * (WIDTH - LABEL - 120);
  const height = rows.length * ROW + 26;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => start + part * (end - start));
  const drawing = s("svg", { class: "bars", width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, role: "img" },
    s("title", {}, "When each event came, and what was waited for before it"),
    ticks.map((at) => [s("line", { class: "grid-line", x1: x(at), x2: x(at), y1: 20, y2: height }), s("text", { class: "q", x: x(at), y: 12, "text-anchor": "middle" }, `+${duration(Math.round(at - start)) || "0"}`)]),
    rows.map((row, at) => bar(row, 26 + at * ROW, x)));
  return h("div", { class: "panel drawing" },
    h("div", { class: "legend" }, h("span", {}, h("i", { class: "reaction" }), "in the queue and the handler"), h("span", {}, h("i", { class: "outside" }), "waiting for somebody outside"), h("span", {}, h("i", { class: "overdue" }), "late or overdue")),
    drawing);
}

function bar(row, y, x) {
  const width = Math.max(x(row.to) - x(row.from), 2);
  return s("g", {},
    s("text", { x: 0, y: y + 13, class: row.kind && row.kind !== "event" ? "bad" : "" }, cut(row.label, 24)),
    s("text", { class: "q", x: LABEL - 84, y: y + 13 }, cut(row.sub ?? "", 13)),
    row.tone ? s("rect", { class: row.tone, x: x(row.from), y: y + 3, width, height: 12, rx: 3 }) : null,
    row.pending ? null : s("circle", { class: row.kind === "event" ? "mark" : "bad", cx: x(row.to), cy: y + 9, r: 3 }),
    s("text", { class: "q", x: x(row.to) + 9, y: y + 13 }, cut(row.text ?? "", 60)));
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function events(it, now) {
  const head = [["Event"], ["Step"], ["By"], ["Where"], ["When"], ["After its cause", "number"], ["Schema", "wide-only"]];
  return h("div", { class: "panel table" }, h("table", {},
    h("thead", {}, h("tr", {}, head.map(([text, tone]) => h("th", { class: tone }, text)))),
    h("tbody", {}, shorten(it).timeline.map((entry) => h("tr", {},
      h("td", {}, entry.kind === "event" ? entry.event : h("span", { class: "late" }, entry.kind, " ", entry.event),
        entry.note && h("div", { class: "quiet" }, entry.note),
        entry.repeats?.length > 0 && h("div", { class: "quiet" }, `repeated at ${entry.repeats.map(place).join(", ")}`)),
      h("td", {}, entry.step ?? ""),
      h("td", { class: "quiet" }, entry.participant),
      h("td", {}, h("code", {}, place(entry.position))),
      h("td", { class: "quiet time", title: exact(entry.at_ms) }, clock(entry.at_ms, now)),
      h("td", { class: `number ${entry.late ? "late" : ""}` }, duration(entry.after_ms)),
      h("td", { class: "quiet wide-only" }, entry.schema_version ? `v${entry.schema_version}` : ""))))));
}

function payloads(records) {
  if (!records) return h("p", {}, h("button", { onclick: () => again({ payloads: true }) }, "show payloads"));
  return h("div", { class: "panel" }, records.events.map((record) => h("div", {},
    h("b", {}, record.event ?? "not decoded"), " ", h("code", { class: "quiet" }, place(record.position)),
    h("pre", {}, record.data === undefined ? record.undecoded : JSON.stringify(record.data, null, 2)))));
}
