// Times, durations and names as people read them.

import { h } from "./dom.js";

export const STATUSES = ["running", "stuck", "completed", "failed"];

export function duration(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return seconds % 60 && minutes < 10 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export const ago = (at, now) => (at === null || at === undefined ? "" : now - at < 1000 ? "now" : `${duration(now - at)} ago`);

const sameDay = (a, b) => new Date(a).toDateString() === new Date(b).toDateString();

export function clock(at, now) {
  if (at === null || at === undefined) return "";
  const time = new Date(at);
  const text = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return sameDay(at, now) ? text : `${time.toLocaleDateString([], { day: "numeric", month: "short" })} ${text}`;
}

export const exact = (at) => new Date(at).toISOString();
export const number = (value) => (value ?? 0).toLocaleString();
export const place = (position) => `${position.topic}[${position.partition}]@${position.offset}`;
export const badge = (status) => h("span", { class: `badge ${status}` }, status);
export const flag = (name) => h("span", { class: "flag" }, name);
export const link = (id) => `#/instance/${encodeURIComponent(id)}`;
export const query = (values) => `#/instances?${new URLSearchParams(Object.entries(values).filter(([, value]) => value))}`;
