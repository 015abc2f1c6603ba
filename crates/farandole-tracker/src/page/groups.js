import { h } from "./dom.js";
import { ago, number } from "./words.js";

export async function groups(get) {
  const answer = await get("/api/groups");
  if (!answer.known) return [h("h1", {}, "Consumer groups"), h("div", { class: "panel notice" }, h("p", {}, answer.as_of.offsets_trouble ?? "Kafka has not been asked yet."))];
  return [h("h1", {}, "Consumer groups"), answer.groups.length ? answer.groups.map(panel) : h("p", { class: "quiet" }, "None yet.")].flat();
}

function panel(group) {
  const down = group.members.length === 0;
  const most = Math.max(1, ...group.partitions.map((of) => of.lag ?? 0));
  return h("section", { class: "panel" },
    h("div", { class: "row spread" },
      h("h1", {}, group.group),
      h("span", { class: "row" }, h("span", { class: `badge ${down ? "stuck" : "completed"}` }, down ? "no members" : `${group.members.length} ${group.members.length === 1 ? "member" : "members"}`),
        h("span", { class: group.lag ? "" : "quiet" }, `${number(group.lag)} behind`))),
    h("p", { class: "quiet" }, group.members.map((member) => `${member.client_id} (${member.host})`).join(", ") || `state ${group.state}`),
    h("details", {}, h("summary", {}, `${group.partitions.length} partitions`),
      h("div", { class: "table" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Partition", "Committed", "End", "Behind", ""].map((text, at) => h("th", { class: at > 0 && at < 4 ? "number" : "" }, text)))),
        h("tbody", {}, group.partitions.map((of) => h("tr", {},
          h("td", {}, h("code", {}, `${of.topic}[${of.partition}]`)),
          h("td", { class: "number" }, number(of.committed)),
          h("td", { class: "number" }, number(of.end_offset)),
          h("td", { class: "number" }, of.lag === null ? "?" : number(of.lag)),
          h("td", {}, of.lag ? h("progress", { max: most, value: of.lag }) : null))))))));
}

export async function topology(get) {
  const answer = await get("/api/topology");
  const now = answer.as_of.at_ms;
  return [
    h("h1", {}, "Topology"),
    h("div", { class: "panel table" }, table(["Participant", "Workflows", "Consumes", "Publishes", "Members"], answer.participants.map((one) => [
      h("b", {}, one.participant), one.workflows.join(", "), one.subscribes.join(", "), one.publishes.join(", "),
      one.members === null ? "?" : one.members === 0 ? h("span", { class: "late" }, "none") : one.members]))),
    h("h2", {}, "Seen on the topics"),
    h("div", { class: "panel table" }, table(["Topic", "Event", "Written by", "Schema", "Records", "Last"], answer.seen.map((one) => [
      h("code", {}, one.topic), one.event || h("span", { class: "late" }, "no event"), one.participant, one.version ? `v${one.version}` : "", number(one.records), h("span", { class: "quiet" }, ago(one.last_ms, now))]))),
    answer.unreadable.length > 0 && h("h2", {}, "Records that are no events"),
    answer.unreadable.length > 0 && h("div", { class: "panel table" }, table(["Last at", "Records", "Reason"], answer.unreadable.map((one) => [
      h("code", {}, `${one.topic}[${one.partition}]@${one.offset}`), number(one.records), one.reason]))),
  ].filter(Boolean);
}

function table(head, rows) {
  return h("table", {}, h("thead", {}, h("tr", {}, head.map((text) => h("th", {}, text)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))));
}
