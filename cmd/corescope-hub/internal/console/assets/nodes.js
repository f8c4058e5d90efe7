// Nodes: who is out there, and which links carry the traffic.

import { h, s, put, icon, iconButton, searchBox, ago, when, count, snr, rssi, minus, ask, short, span, plural, date, inCoreScope } from "./dom.js";
import { NodeMap, shape, frameShape } from "./map.js";
import { dots, spark } from "./charts.js";

const roles = { repeater: "Repeater", room: "Room", sensor: "Sensor", companion: "Companion", observer: "Observer", chat: "Companion", none: "Node", "": "Node" };
const order = ["repeater", "room", "sensor", "observer", "companion"];

export function start(app, main) {
  let page = app.data, key = decodeURIComponent(location.pathname.split("/")[2] || "").toLowerCase(), detail = null;
  let find = app.query().get("q") || "", metric = app.query().get("metric") === "rssi" ? "rssi" : "snr";
  const since = h("select", { "aria-label": "Heard in", onchange: () => { app.go({ since: since.value === "7" ? "" : since.value + "d" }); load(); } }, [[1, "Last day"], [7, "Last 7 days"], [30, "Last 30 days"]].map(([d, t]) => h("option", { value: d }, t)));
  since.value = String(page.days);
  const scroll = h("div", { class: "scroll" });
  const list = h("section", { class: "nodes-list", "aria-label": "Nodes" }, h("div", { class: "filters" }, searchBox("Name, key or role", find, (v) => { find = v; app.go({ q: v }); draw(); }), since), scroll);
  const box = h("section", { class: "map-box", "aria-label": "Map" });
  const tab = (name, label) => h("button", { type: "button", role: "tab", "aria-selected": String(name === "list"), onclick: (e) => { main.className = "show-" + name; for (const b of e.currentTarget.parentNode.children) b.setAttribute("aria-selected", String(b === e.currentTarget)); } }, label);
  put(main, h("h1", { class: "sr" }, "Nodes"), h("div", { class: "tabs2", role: "tablist" }, tab("list", "Table"), tab("map", "Map")), list, box);
  main.className = "show-list";
  const mark = (role, observer) => s("svg", { class: "shape", viewBox: "-9.500 -9.500 19 19", width: 16, height: 16, "aria-hidden": "true" }, observer && frameShape(observer, 8), shape(role));
  const map = new NodeMap(box, (k) => open(k));
  box.append(h("div", { class: "legend", "aria-hidden": "true" }, [["repeater", "Repeater"], ["room", "Room"], ["sensor", "Sensor"], ["companion", "Companion"]].map(([r, t]) => h("span", {}, mark(r), t)), h("span", {}, mark("observer", "connected"), "Observer"), h("span", {}, s("svg", { width: 16, height: 10, style: { marginRight: "8px" } }, s("path", { d: "M1 8 15 2", stroke: "var(--text3)", "stroke-width": 2.5 })), "Packets between neighbours")));
  let pane = null;

  const sorted = () => {
    const q = find.toLowerCase();
    return page.nodes.filter((n) => !q || n.name.toLowerCase().includes(q) || n.key.startsWith(q) || (roles[n.role] || "").toLowerCase().includes(q) || (q === "observer" && n.observer))
      .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || b.heardBy - a.heardBy || a.name.localeCompare(b.name));
  };
  let rows = [];
  function draw() {
    rows = sorted();
    const missing = page.nodes.filter((n) => n.lat === null).length;
    const row = (n) => h("tr", { class: "pick", "aria-selected": String(n.key === key), onclick: () => open(n.key) },
      h("td", {}, mark(n.role, n.observer), h("a", { href: "/nodes/" + n.key, style: { textDecoration: "none" }, onclick: (e) => { if (!e.ctrlKey && !e.metaKey) e.preventDefault(); } }, n.name || "no name")),
      h("td", { class: "mono two", title: n.key }, short(n.key)), h("td", { class: "two" }, roles[n.role] || n.role), h("td", { class: "num two" }, ago(n.lastSeen)), h("td", { class: "num" }, n.heardBy || "—"));
    const cols = [0, 50, 86, 80, 76];
    put(scroll, h("table", { class: "table" }, h("caption", { class: "sr" }, "Nodes"), h("colgroup", {}, cols.map((w) => { const c = h("col"); if (w) c.style.width = w + "px"; return c; })),
      h("thead", {}, h("tr", {}, ["Node", "Key", "Role", "Last heard", "Heard by"].map((t, i) => h("th", { scope: "col", class: i > 2 ? "num" : "" }, t)))), h("tbody", {}, rows.slice(0, 1000).map(row))),
      h("p", { class: "under" }, !page.nodes.length ? "No node has been heard yet. Nodes appear with their first advert." : [missing ? `${missing === 1 ? `${page.nodes.find((n) => n.lat === null).name || "One node"} gave no position and is` : `${count(missing)} gave no position and are`} not on the map. ` : "", page.hidden ? `${plural(page.hidden, "node")} not heard in ${page.days === 1 ? "a day" : page.days + " days"} ${page.hidden === 1 ? "is" : "are"} hidden. ` : "", rows.length > 1000 ? `The first 1,000 of ${count(rows.length)} are listed; search finds the rest.` : ""]));
    map.show(page, key);
  }

  async function load() {
    try { page = await ask(`/api/console/nodes?since=${since.value}d`); draw(); } catch { /* the last rows stay */ }
    if (key && !document.hidden) loadDetail();
  }

  function open(k) {
    if (k === key && pane) return close();
    key = k;
    app.go({}, "/nodes/" + k);
    draw();
    loadDetail(true);
  }
  function close() {
    pane?.remove();
    pane = detail = null;
    key = "";
    app.go({}, "/nodes");
    draw();
  }
  async function loadDetail(slide) {
    const mine = key;
    let d;
    try { d = await ask("/api/console/nodes/" + encodeURIComponent(mine)); } catch (e) { d = { error: e.message }; }
    if (mine !== key) return;
    if (!pane) {
      pane = h("aside", { class: "pane" + (slide ? " slide" : ""), "aria-label": "Node" });
      main.append(pane);
    }
    detail = d;
    drawPane();
  }

  function drawPane() {
    const d = detail, n = d.node, top = h("span", { class: "icons" }, n && iconButton("copy", "Copy the key", () => app.copy(n.key)), iconButton("close", "Close (Esc)", close));
    if (d.error) return put(pane, h("header", {}, h("div", { class: "line1" }, top), h("p", {}, d.error)));
    const where = n.lat === null ? "no position" : `${Math.abs(n.lat).toFixed(4)} ${n.lat < 0 ? "S" : "N"} ${Math.abs(n.lon).toFixed(4)} ${n.lon < 0 ? "W" : "E"}`;
    put(pane, h("header", {}, h("div", { class: "line1" }, h("h2", { class: "title", style: { margin: 0 } }, n.name || "no name"), h("span", { class: "mono two", title: n.key }, `${n.key.slice(0, 4)} ${n.key.slice(4, 8)}…`.toUpperCase()), top),
      h("p", { class: "sub" }, `${roles[n.role] || n.role}${n.observer && n.role !== "observer" ? " and observer" : ""}${n.firstSeen ? ` since ${date(new Date(n.firstSeen))}` : ""}, ${where}`), inCoreScope(app, "nodes", n.key)),
    h("section", {}, h("dl", { class: "kv" },
      h("dt", {}, "Last heard"), h("dd", {}, n.lastSeen ? when(new Date(n.lastSeen)) : "never"),
      n.role !== "observer" && [h("dt", {}, "Adverts"), h("dd", {}, `${count(n.adverts)}${d.every ? `, every ${span(d.every)} on median` : ""}`)],
      n.batteryMv ? [h("dt", {}, "Battery"), h("dd", {}, `${(n.batteryMv / 1000).toFixed(2)} V`)] : null,
      n.observer ? [h("dt", {}, "Observer"), h("dd", {}, h("a", { href: "/observers/" + n.key.toUpperCase() }, { connected: "Connected", silent: "Silent", away: "Away" }[n.observer]))] : null)),
    d.heard.length > 0 && h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Heard by"), h("span", {}, "last 24 hours, directly"), h("span", { class: "right seg", role: "group", "aria-label": "Values" }, ["snr", "rssi"].map((m) => h("button", { type: "button", "aria-pressed": String(metric === m), onclick: () => { metric = m; app.go({ metric: m === "rssi" ? m : "" }); drawPane(); } }, m === "snr" ? "SNR dB" : "RSSI dBm")))), chart(d),
      h("table", { class: "mini" }, h("caption", { class: "sr" }, "Heard by"), h("thead", {}, h("tr", {}, ["Observer", "Packets", "Median SNR", "Median RSSI"].map((t, i) => h("th", { scope: "col", class: i ? "num" : "" }, t)))),
        h("tbody", {}, d.heard.map((o) => h("tr", {}, h("td", {}, o.name || o.observer.slice(0, 8)), h("td", { class: "num" }, count(o.packets)), h("td", { class: "num" }, o.snr === null ? "unknown" : snr(o.snr) + " dB"), h("td", { class: "num two" }, o.rssi === null ? "unknown" : rssi(o.rssi) + " dBm")))))),
    d.neighbours.length > 0 && h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Neighbours"), h("span", {}, "packets counted in both directions")),
      h("table", { class: "mini" }, h("caption", { class: "sr" }, "Neighbours"), h("tbody", {}, d.neighbours.map((x) => { const b = h("i"); b.style.width = Math.max(3, Math.min(100, (x.count / d.neighbours[0].count) * 95)) + "%"; return h("tr", {}, h("td", { style: { width: "32%" } }, h("a", { href: "/nodes/" + x.key, style: { textDecoration: "none" }, onclick: (e) => { e.preventDefault(); open(x.key); } }, x.name || short(x.key))), h("td", {}, h("span", { class: "barline" }, b)), h("td", { class: "num", style: { width: "72px" } }, count(x.count))); })))),
    d.adverts.length > 0 && h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Recent adverts")), h("table", { class: "mini" }, h("caption", { class: "sr" }, "Recent adverts"), h("tbody", {}, d.adverts.map((a) => h("tr", {}, h("td", { class: "two", style: { fontWeight: 400 } }, when(new Date(a.at))), h("td", {}, plural(a.observers, "observer")), h("td", { class: "two" }, plural(a.paths, "path")), h("td", { class: "num" }, h("a", { href: "/tx/" + a.hash }, "Bytes"))))))),
    h("section", {}, h("a", { class: "button", href: "/?q=" + n.key }, "Show its packets")));
  }

  function chart(d) {
    const at = metric === "snr" ? 1 : 2, some = d.heard.filter((o) => o.points.length);
    if (!some.length) return null;
    const values = some.flatMap((o) => o.points.map((p) => p[at]));
    const floor = at === 1 ? Math.min(-10, Math.floor(Math.min(...values) / 5) * 5) : Math.floor(Math.min(...values) / 10) * 10, ceil = at === 1 ? Math.max(15, Math.ceil(Math.max(...values) / 5) * 5) : Math.ceil((Math.max(...values) + 1) / 10) * 10;
    return dots(some.map((o) => ({ name: o.name || o.observer.slice(0, 8), median: at === 1 ? o.snr : o.rssi, points: o.points })), { at, floor, ceil, unit: at === 1 ? "dB" : "dBm" });
  }

  const move = (by) => {
    const i = rows.findIndex((n) => n.key === key), n = rows[Math.max(0, Math.min(rows.length - 1, i + by))];
    if (n && n.key !== key) open(n.key);
  };
  Object.assign(app.keys, { j: () => move(1), k: () => move(-1), Escape: () => pane && close(), c: () => key && app.copy(key) });
  app.every(30000, load);
  app.on("back", load);
  draw();
  if (key) loadDetail();
}
export { icon, minus, spark };
