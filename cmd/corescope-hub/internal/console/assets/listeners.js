// Listeners, and the clients that are connected on each.

import { h, span, when, count, plural, state, utc } from "./dom.js";
import { bars } from "./charts.js";

const names = { tcp: "MQTT", tls: "MQTT over TLS", ws: "MQTT over WebSocket", wss: "MQTT over WebSocket and TLS", console: "MQTT over WebSocket, on this port" };
const scheme = (x) => x.name.split("://")[0];
const titleOf = (x) => names[scheme(x)] || x.name;

export function listenerCard(data, all, open, pick) {
  const cols = [["Listener", 260], ["Address", 260], ["State", 110], ["Clients", 80, "num"], ["Messages/min", 120, "num"], ["Last 60 min", 220], ["Not stored", 110, "num"], ["Note", 0]];
  const most = Math.max(...all.flatMap((x) => x.perMinute));
  const row = (x) => {
    const is = open === x.name, m = x.messages, rate = perMinute(x);
    const tr = h("tr", { class: "pick" + (is ? " open" : ""), onclick: () => pick(x.name, is) },
      h("td", {}, h("button", { class: "link name", type: "button", "aria-expanded": String(is) }, titleOf(x))), h("td", { class: "mono two", title: x.address }, x.address),
      h("td", {}, x.address ? state("ok", "Open") : state("bad", "Not open")), h("td", { class: "num" }, count(x.listener.clients)),
      h("td", { class: "num" }, rate === null ? "" : rate < 100 ? rate.toFixed(1) : count(Math.round(rate))), h("td", {}, bars(x.perMinute, most, `${plural(x.perMinute.reduce((a, b) => a + b, 0), "message")} in the last 60 minutes`)),
      h("td", { class: "num two", title: `${count(m.received)} received, ${count(m.stored)} stored since the hub started` }, count(m.passed + m.worthless + m.notSafe)), h("td", { class: "two" }, note(x)));
    return is ? [tr, h("tr", { class: "more" }, h("td", { colspan: cols.length }, clients(data, x)))] : tr;
  };
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Listeners"), h("span", {}, "where observers connect")), h("div", { class: "box" },
    h("table", { class: "table", style: { minWidth: "1120px" } }, h("caption", { class: "sr" }, "Listeners"), columns(cols), heads(cols), h("tbody", {}, all.map(row)))));
}

/** perMinute is the mean of the last five minutes that are over, or null. */
function perMinute(x) {
  const over = x.perMinute.slice(54, 59).filter((n) => n !== null);
  return over.length ? over.reduce((a, b) => a + b) / over.length : null;
}

function note(x) {
  const at = x.listener.certificateExpires;
  if (at) {
    const days = Math.floor((new Date(at) - Date.now()) / 8.64e7);
    return days < 0 ? h("span", { class: "badText" }, "The certificate has expired") : h("span", { class: days < 14 ? "warnText" : "", title: utc(new Date(at)) }, `Certificate valid for ${plural(days, "day")}`);
  }
  return { tcp: "Plain text: for the local network", ws: "Plain text: for the local network", tls: "Encrypted", wss: "Encrypted", console: "As encrypted as this page" }[scheme(x)] || "";
}

function clients(data, x) {
  const all = data.clients.filter((c) => c.listener === x.name);
  if (!all.length) return h("p", { class: "two" }, "No client is connected here.");
  const cols = [["Client", 0], ["User", 150], ["Role", 100], ["Key", 90], ["MQTT", 80], ["Connected", 150], ["Subscriptions", 110, "num"], ["Waiting", 90, "num"], ...(data.mayChange ? [["Address", 220]] : [])];
  const row = (c) => h("tr", {}, h("td", { title: c.id }, c.id || "no name"), h("td", { class: "two" }, c.user || "no login"), h("td", { class: "two" }, c.role), h("td", { class: "mono two", title: c.key }, c.key.slice(0, 8)),
    h("td", { class: "two" }, c.protocol), h("td", { class: "two", title: when(new Date(c.since)) }, `for ${span((Date.now() - new Date(c.since)) / 1000)}`), h("td", { class: "num two" }, count(c.subscriptions)), h("td", { class: "num two" }, count(c.waiting)),
    data.mayChange && h("td", { class: "mono two" }, c.address));
  const missing = x.listener.clients - all.length;
  return [h("table", { class: "mini clients" }, h("caption", { class: "sr" }, `Clients of ${titleOf(x)}`), columns(cols), heads(cols), h("tbody", {}, all.map(row))),
    data.unlisted > 0 && missing > 0 && h("p", { class: "hint" }, `And ${plural(missing, "more")}.`), !data.mayChange && h("p", { class: "hint" }, "Where they are connected from is shown to an admin.")];
}

const columns = (cols) => h("colgroup", {}, cols.map(([, w]) => { const el = h("col"); if (w) el.style.width = w + "px"; return el; }));
const heads = (cols) => h("thead", {}, h("tr", {}, cols.map(([t, , c]) => h("th", { scope: "col", class: c }, t))));
