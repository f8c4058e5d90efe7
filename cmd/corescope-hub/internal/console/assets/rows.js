// How packets are written: types, paths, senders, signal.

import { h, icon, snr, rssi, minus } from "./dom.js";

export const groups = [
  ["advert", "Advert"], ["channel", "Channel"], ["direct", "Direct"], ["request", "Request"], ["ack", "Ack, path"], ["control", "Control"],
];

/** types: name, group, whether it is a ring. */
export const types = {
  ADVERT: ["Advert", "advert"], GRP_TXT: ["Channel", "channel"], GRP_DATA: ["Group data", "channel", true],
  TXT_MSG: ["Direct", "direct"], REQ: ["Request", "request"], ANON_REQ: ["Anon request", "request"], RESPONSE: ["Response", "request", true],
  TRACE: ["Trace", "control"], CONTROL: ["Control", "control", true], ACK: ["Ack", "ack"], MULTIPART: ["Multipart", "ack"],
  PATH: ["Path", "ack", true], RAW_CUSTOM: ["Raw", "ack", true], UNKNOWN: ["Unknown", "ack", true],
};
export const typeOf = (p) => types[p.type] || types.UNKNOWN;
export const typesOf = (group) => Object.keys(types).filter((t) => types[t][1] === group);

export function typeMark(p) {
  const [label, group, ring] = typeOf(p);
  return h("span", { class: `type t-${group}` }, h("i", { class: ring ? "sw ring" : "sw", "aria-hidden": "true" }), label);
}

/** fromText is who sent it, or "" when the packet does not tell. */
export function fromText(p) {
  const f = p.from;
  if (!f) return "";
  const me = f.name || (f.key ? f.key.slice(0, 8).toUpperCase() : f.hash) || "";
  return p.to?.hash && me ? `${f.name || f.hash} → ${p.to.hash}` : me;
}
export const from = (p) => {
  const text = fromText(p);
  return h("span", { class: text ? "from" : "from unknown" }, text || "unknown");
};

export function content(p) {
  if (p.sealed) return h("span", { class: "sealed" }, icon("lock", 13), p.text);
  return h("span", { class: "said" }, p.channel && h("span", { class: "ch" }, p.channel), p.text || (p.channel ? "" : "nothing"));
}

export function hop(x) {
  if (x.name) return h("span", { title: x.key }, x.name);
  const all = x.candidates?.length ? `Fits ${x.candidates.join(", ")}` : "A node that this hub has not heard";
  return h("span", { class: "doubt", title: all }, x.hash);
}

/** longest is the observation that travelled farthest, as CoreScope shows it. */
export const longest = (p) => p.observations.reduce((a, b) => (a && a.path.length >= b.path.length ? a : b), null);

export function pathsOf(p) {
  return new Set(p.observations.map((o) => o.path.map((x) => x.hash).join())).size;
}

export function path(p, o = longest(p), plus = true) {
  const el = h("span", { class: "path" });
  if (!o) return el;
  if (p.type === "TRACE") return el.append(h("span", { class: "none" }, "traced")), el;
  if (!o.path.length) el.append(h("span", { class: "none" }, "heard directly"));
  o.path.forEach((x, i) => {
    if (i) el.append(h("span", { class: "gt", "aria-label": "then" }, "›"));
    el.append(hop(x));
  });
  const more = pathsOf(p) - 1;
  if (plus && more > 0) el.append(h("span", { class: "plus", title: `${more} other paths` }, `+${more}`));
  return el;
}

export const step = (v) => (v < -5 ? 1 : v < 0 ? 2 : v < 5 ? 3 : v <= 10 ? 4 : 5);

/** heardBy is the best observation of one observer; first says that it was the
 * first of all. */
export function heardBy(p, id) {
  let best = null;
  for (const o of p.observations) if (o.observer === id && (!best || (o.snr ?? -99) > (best.snr ?? -99))) best = o;
  return best;
}
/** earlier orders observations by when they came, to the second, then as stored. */
export const earlier = (a, b) => (a.receivedAt === b.receivedAt ? a.id - b.id : a.receivedAt < b.receivedAt ? -1 : 1);
export const firstOf = (p) => p.observations.reduce((a, b) => (a && earlier(a, b) <= 0 ? a : b), null);

export function snrCell(tag, p, column) {
  const o = heardBy(p, column.id);
  if (!o) return h(tag, { class: "o" }, h("span", { class: "snr not", "aria-hidden": "true" }, "·"));
  const first = firstOf(p)?.observer === column.id;
  const words = [column.name, o.snr === null ? "SNR unknown" : `${snr(o.snr)} dB`];
  if (first) words.push("heard first");
  const title = [words.join(", "), o.rssi !== null && `RSSI ${rssi(o.rssi)} dBm`, after(p, o), o.path.length ? o.path.map((x) => x.name || x.hash).join(" › ") : "heard directly"].filter(Boolean).join("\n");
  return h(tag, { class: "o" }, h("span", { class: `snr ${o.snr === null ? "s1" : "s" + step(o.snr)}${first ? " first" : ""}`, title, "aria-label": words.join(", ") }, o.snr === null ? "?" : snr(o.snr)));
}

/** after is how long after the first one an observation came, in whole seconds. */
export function after(p, o) {
  const f = firstOf(p);
  if (!f || f.id === o.id) return "first";
  return `+${Math.max(0, Math.round((new Date(o.receivedAt) - new Date(f.receivedAt)) / 1000))} s`;
}

/** codes are short names for columns, each its own. */
export function codes(columns) {
  const taken = new Set();
  for (const c of columns) {
    const words = (c.name || c.id.slice(0, 4)).split(/[\s_-]+/).filter(Boolean);
    const tries = [words[0], words[1], words.map((w) => w[0]).join(""), c.id.slice(0, 4)].filter(Boolean).map((w) => w.toUpperCase()).map((w) => (w.length > 5 ? w.slice(0, 4) : w));
    c.code = tries.find((t) => !taken.has(t)) || c.id.slice(0, 5).toUpperCase();
    taken.add(c.code);
  }
  return columns;
}

/** sentence is what a packet is, as a heading. */
export function sentence(p) {
  const who = fromText(p) || "Somebody";
  switch (p.type) {
    case "ADVERT": return `${who} announced itself as a ${p.text.split(/ at |,/)[0].toLowerCase()}`;
    case "GRP_TXT": return p.sealed ? `A message on channel ${p.channel}, which has no key here` : `${p.from ? who + ": " : ""}${p.text || "says nothing"}`;
    case "GRP_DATA": return p.sealed ? `Data on channel ${p.channel}, which has no key here` : `Data on ${p.channel}`;
    case "TXT_MSG": return `A message from ${p.from?.hash} to ${p.to?.hash}, which only they can read`;
    case "REQ": return `A request from ${p.from?.hash} to ${p.to?.hash}`;
    case "RESPONSE": return `A response from ${p.from?.hash} to ${p.to?.hash}`;
    case "ANON_REQ": return `${p.from?.name || "A node"} asks ${p.to?.hash} without being known to it`;
    case "PATH": return `A return path from ${p.from?.hash} to ${p.to?.hash}`;
    case "ACK": return `An acknowledgement, ${p.text}`;
    case "TRACE": return `A trace, ${p.text.split("  ")[0]}`;
    case "CONTROL": return `${p.from ? who : "A node"} ${p.text}`;
    default: return `${typeOf(p)[0]}: ${p.text}`;
  }
}
export const observersOf = (p) => new Set(p.observations.map((o) => o.observer)).size;

export function summary(p, known) {
  const f = firstOf(p), paths = pathsOf(p), n = observersOf(p);
  return `Heard by ${n}${known ? ` of ${Math.max(known, n)}` : ""} ${n === 1 && !known ? "observer" : "observers"}${paths > 1 ? ` over ${paths} paths` : ""}, first by ${f?.name || f?.observer.slice(0, 8) || "somebody"}.`;
}

/** matches says whether a packet passes the filters of the page. */
export function matches(p, f) {
  if (f.types.size && !f.types.has(typeOf(p)[1])) return false;
  if (f.obs && !p.observations.some((o) => o.observer === f.obs)) return false;
  if (f.region && !p.observations.some((o) => o.region.toUpperCase() === f.region)) return false;
  if (f.ch && p.channel !== f.ch.replace(/^enc_/, "")) return false;
  if (!f.q) return true;
  const q = f.q.toLowerCase();
  return [p.hash, p.text, p.channel, p.from?.name, p.from?.key].some((t) => t && t.toLowerCase().includes(q));
}
export { minus };
