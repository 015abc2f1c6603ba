import { h, s } from "./dom.js";
import { flow } from "./flow.js";
import { STATUSES, duration, number, query } from "./words.js";

export async function overview(get) {
  const { workflows, problems } = await get("/api/workflows");
  const declared = workflows.filter((workflow) => workflow.declared);
  const details = await Promise.all(declared.map((workflow) => get(`/api/workflows/${encodeURIComponent(workflow.name)}`)));
  const content = details.map(card);
  content.push(...workflows.filter((workflow) => !workflow.declared).map(undeclared));
  for (const [name, reason] of Object.entries(problems ?? {})) {
    content.push(h("div", { class: "panel notice" }, h("p", {}, `The catalog's ${name} can't be used: ${reason}`)));
  }
  return content.length ? content : [h("div", { class: "panel" }, h("h1", {}, "Nothing to see yet"),
    h("p", { class: "quiet" }, "Services publish their workflows and schemas when they start; instances appear with their first event."))];
}

function card(workflow) {
  const newest = workflow.definitions.at(-1);
  return h("section", { class: "panel" },
    h("div", { class: "row spread" },
      h("div", {}, h("h1", {}, workflow.name), h("span", { class: "quiet" }, workflow.description ?? "")),
      h("span", { class: "quiet" }, versions(workflow))),
    counts(workflow),
    share(workflow.statuses),
    newest && h("h2", {}, "Where instances are"),
    newest && h("div", { class: "drawing" }, flow(newest)),
    newest && steps(workflow.name, newest));
}

function undeclared(workflow) {
  return h("section", { class: "panel" },
    h("h1", {}, workflow.name || "Without a workflow"),
    h("span", { class: "quiet" }, "No definition on farandole.catalog: shown by correlation alone."),
    counts(workflow));
}

function versions(workflow) {
  return Object.entries(workflow.versions).map(([version, statuses]) =>
    `v${version}: ${number(Object.values(statuses).reduce((sum, count) => sum + count, 0))}`).join("  ·  ");
}

function counts(workflow) {
  const tile = (name, count, tone, values) => h("a", { class: `count ${tone} ${count ? "" : "zero"}`, href: query({ workflow: workflow.name, ...values }) },
    h("b", {}, number(count)), name);
  return h("div", { class: "counts" },
    STATUSES.map((status) => tile(status, workflow.statuses[status], status, { status })),
    tile("deviated", workflow.deviated, workflow.deviated ? "warn" : "", { flag: "deviated" }),
    workflow.orphans > 0 && tile("without beginning", workflow.orphans, "warn", {}));
}

function share(statuses) {
  const all = STATUSES.reduce((sum, status) => sum + statuses[status], 0);
  let at = 0;
  const parts = STATUSES.map((status) => {
    const width = all ? (100 * statuses[status]) / all : 0;
    at += width;
    return s("rect", { class: status, x: at - width, y: 0, width, height: 8 });
  });
  return s("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": true }, parts);
}

function steps(name, version) {
  const rows = version.steps.map((step) => h("tr", {},
    h("td", {}, h("a", { href: query({ workflow: name, step: step.step }) }, step.step)),
    h("td", { class: "quiet" }, step.participant),
    h("td", { class: "number" }, step.open ? number(step.open) : "", step.outside ? `${number(step.outside)} outside` : ""),
    h("td", { class: "number late" }, step.overdue ? number(step.overdue) : ""),
    ["p50_ms", "p95_ms", "p99_ms"].map((which, at) => h("td", { class: `number ${at === 1 ? "" : "wide-only"}` }, duration(step.durations?.[which]))),
    h("td", { class: "number quiet wide-only" }, duration(step.within_ms))));
  const head = ["Step", "Participant", "waiting", "overdue", "median", "p95", "p99", "deadline"];
  return h("details", {}, h("summary", {}, "Steps: who waits, and how long they take from trigger to output"),
    h("div", { class: "table" }, h("table", {},
      h("thead", {}, h("tr", {}, head.map((text, at) => h("th", { class: `${at > 1 ? "number" : ""} ${[4, 6, 7].includes(at) ? "wide-only" : ""}` }, text)))),
      h("tbody", {}, rows))));
}
