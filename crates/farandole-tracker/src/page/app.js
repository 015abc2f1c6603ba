// Which page, and keeping it fresh: every two seconds while it is looked at.

import { h, morphChildren } from "./dom.js";
import { number } from "./words.js";
import { overview } from "./overview.js";
import { instances } from "./instances.js";
import { instance } from "./instance.js";
import { groups, topology } from "./groups.js";

const EVERY = 2000;
const main = document.getElementById("main");
const live = document.getElementById("live");

const PAGES = [
  [/^#\/instances(?:\?(.*))?$/, (match) => instances(get, new URLSearchParams(match[1] ?? ""))],
  [/^#\/instance\/(.+)$/, (match) => instance(get, decodeURIComponent(match[1]))],
  [/^#\/groups$/, () => groups(get)],
  [/^#\/topology$/, () => topology(get)],
  [/^.*$/, () => overview(get)],
];

let asOf = null;

async function get(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? body.title), { problem: body });
  asOf = body.as_of ?? asOf;
  return body;
}

function show(state, text) {
  live.className = `live ${state}`;
  live.textContent = text;
}

function freshness() {
  if (!asOf) return;
  if (asOf.offsets_trouble) show("lost", "Kafka does not answer");
  else if (asOf.behind === null) show("behind", "reading");
  else if (asOf.behind > 0) show("behind", `${number(asOf.behind)} records behind`);
  else show("", "live");
}

function problem(error) {
  const candidates = error.problem?.candidates ?? [];
  return [
    h("div", { class: "panel notice" },
      h("p", {}, error.message),
      candidates.map((one) => h("p", {}, h("a", { href: `#/instance/${encodeURIComponent(one.correlation)}` }, `${one.workflow}: ${one.correlation}`)))),
  ];
}

let turn = 0;
let timer = 0;

async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  const hash = location.hash || "#/";
  for (const anchor of document.querySelectorAll("#nav a")) {
    const href = anchor.getAttribute("href");
    const here = href === "#/" ? hash === "#/" : hash.startsWith(href) || (href === "#/instances" && hash.startsWith("#/instance/"));
    if (here) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  try {
    const [pattern, page] = PAGES.find(([pattern]) => pattern.test(hash));
    const content = await page(hash.match(pattern));
    if (mine !== turn) return;
    morphChildren(main, content.flat(Infinity).filter(Boolean));
    freshness();
  } catch (error) {
    if (mine !== turn) return;
    if (error.problem) morphChildren(main, problem(error));
    else show("lost", "the tracker does not answer");
  }
  if (!document.hidden) timer = setTimeout(refresh, EVERY);
}

window.addEventListener("hashchange", () => {
  main.replaceChildren();
  window.scrollTo(0, 0);
  refresh();
});
window.addEventListener("refresh", refresh);
document.addEventListener("visibilitychange", () => !document.hidden && refresh());
refresh();
