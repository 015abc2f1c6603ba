import { h } from "./dom.js";
import { STATUSES, ago, badge, clock, duration, exact, flag, link, number } from "./words.js";

const FIELDS = ["workflow", "status", "step", "key", "flag", "cursor"];

export async function instances(get, parameters) {
  const asked = new URLSearchParams(FIELDS.map((name) => [name, parameters.get(name) ?? ""]).filter(([, value]) => value));
  const [answer, { workflows }] = await Promise.all([get(`/api/instances?${asked}`), get("/api/workflows")]);
  const now = answer.as_of.at_ms;
  return [
    h("h1", {}, "Instances"),
    filters(parameters, workflows),
    answer.instances.length
      ? h("div", { class: "panel table" }, table(answer.instances, now))
      : h("div", { class: "panel" }, h("p", { class: "quiet" }, "No instance fits.")),
    h("p", { class: "row" },
      parameters.get("cursor") && h("a", { href: go(parameters, { cursor: "" }) }, "← newest"),
      answer.next_cursor && h("a", { href: go(parameters, { cursor: answer.next_cursor }) }, "older →")),
  ];
}

function go(parameters, changes) {
  const values = Object.fromEntries(FIELDS.map((name) => [name, parameters.get(name) ?? ""]));
  const next = new URLSearchParams(Object.entries({ ...values, ...changes }).filter(([, value]) => value));
  return `#/instances?${next}`;
}

function filters(parameters, workflows) {
  const change = (name) => (event) => { location.hash = go(parameters, { [name]: event.target.value.trim(), cursor: "" }); };
  const choice = (name, label, values) => h("select", { "aria-label": label, onchange: change(name) },
    h("option", { value: "" }, label),
    values.map((value) => h("option", { value, selected: parameters.get(name) === value }, value)));
  const text = (name, label) => h("input", { "aria-label": label, placeholder: label, value: parameters.get(name) ?? "", onchange: change(name), size: 18 });
  return h("div", { class: "filters" },
    choice("workflow", "every workflow", workflows.map((workflow) => workflow.name).filter(Boolean)),
    choice("status", "every status", STATUSES),
    choice("flag", "every flag", ["deviated", "orphan", "late", "truncated", "dead-lettered"]),
    text("step", "waits for step"),
    text("key", "key"));
}

function table(rows, now) {
  const head = [["Instance"], ["Status"], ["Waits for"], ["Done", "wide-only"], ["Started", "wide-only"], ["Last event"], ["Events", "number wide-only"]];
  return h("table", {},
    h("thead", {}, h("tr", {}, head.map(([text, tone]) => h("th", { class: tone }, text)))),
    h("tbody", {}, rows.map((row) => line(row, now))));
}

function line(row, now) {
  return h("tr", {},
    h("td", { class: "clip" }, h("a", { href: link(row.correlation), class: "mono", title: row.correlation }, row.key ?? row.correlation),
      " ", h("span", { class: "quiet" }, row.workflow, row.version ? ` v${row.version}` : "")),
    h("td", {}, badge(row.status), " ", row.flags.map((name) => [flag(name), " "])),
    h("td", {}, waits(row, now)),
    h("td", { class: "wide-only" }, row.percent === null ? "" : h("progress", { max: 100, value: row.percent, title: `${row.percent} %` })),
    h("td", { class: "wide-only quiet time", title: exact(row.started_ms) }, clock(row.started_ms, now)),
    h("td", { class: "quiet time", title: exact(row.last_ms) }, ago(row.last_ms, now)),
    h("td", { class: "number wide-only" }, number(row.events)));
}

function waits(row, now) {
  if (row.ended_ms !== null && !row.waits_for.length) return h("span", { class: "quiet" }, `took ${duration(row.ended_ms - row.started_ms)}`);
  const [first, ...others] = [...row.waits_for].sort((a, b) => b.overdue - a.overdue);
  if (!first) return "";
  return [
    first.step, " ", h("span", { class: "quiet" }, first.outside ? "from outside" : first.participant), " ",
    first.overdue && h("span", { class: "late" }, `${duration(now - first.due_ms)} overdue`),
    others.length > 0 && h("span", { class: "quiet" }, ` +${others.length}`),
  ];
}
