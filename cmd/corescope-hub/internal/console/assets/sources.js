// Sources: where messages come from, and whether each flows.

import { h, put, icon, ago, span, when, count, plural, state, ask, utc, redraw } from "./dom.js";
import { bars, gaps } from "./charts.js";
import { listenerCard } from "./listeners.js";

export function start(app, main) {
  let data = app.data, open = decodeURIComponent(location.pathname.split("/")[2] || "");
  const body = h("div", { class: "content" });
  put(main, body);
  const load = async () => {
    try { data = await ask("/api/console/sources"); draw(); } catch { /* the last rows stay */ }
  };

  const pick = (name, is) => {
    open = is ? "-" + name : name;
    app.go({}, is ? "/sources" : "/sources/" + encodeURIComponent(name));
    draw();
  };
  const draw = () => redraw(body, show);
  function show() {
    const bridges = data.sources.filter((x) => x.kind === "bridge"), listeners = data.sources.filter((x) => x.kind === "listener");
    const down = bridges.filter((b) => b.bridge.state === "down").length;
    put(body, h("div", { class: "head" }, h("div", {}, h("h1", {}, "Sources"), h("p", {}, `${bridges.length ? plural(bridges.length, "bridge") + (down ? `, ${down} down` : "") : "No bridges"}, ${plural(listeners.length, "listener")}. All times are this hub's clock.`))), bridgeCard(bridges), listenerCard(data, listeners, open, pick), events(bridges));
  }

  const marks = { up: "ok", quiet: "ok", down: "bad" };
  function stateOf(b) {
    const t = span((Date.now() - new Date(b.since)) / 1000);
    if (b.self) return state("warn", "Leads back here");
    return state(marks[b.state] || "off", b.state === "down" ? (b.connects ? `Down ${t}` : "Never connected") : b.state === "quiet" ? `Connected, quiet ${t}` : `Connected ${t}`);
  }
  function bridgeCard(all) {
    if (!all.length) return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Bridges")), h("p", { class: "empty" }, "This hub takes messages from its own clients only. To take those of another broker too, name it in mqttSources and restart."));
    const cols = [["", 70], ["Name", 150], ["Address", 320], ["State", 200], ["Last message", 110, "num"], ["Rate", 90, "num"], ["Last 60 min", 200], ["Connection, last 24 hours", 0], ["Drops", 70, "num"], ["Waiting", 80, "num"]];
    const most = Math.max(...all.flatMap((x) => x.perMinute));
    all.sort((a, b) => (a.bridge.state === "down" ? 0 : 1) - (b.bridge.state === "down" ? 0 : 1));
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Bridges")), h("div", { class: "box" }, h("table", { class: "table tall", style: { minWidth: "1380px" } }, h("caption", { class: "sr" }, "Bridges, problems first"), colgroup(cols),
      h("thead", {}, h("tr", {}, cols.map(([t, , c]) => h("th", { scope: "col", class: c }, t || h("span", { class: "sr" }, "Direction"))))),
      h("tbody", {}, all.map((x) => {
        const b = x.bridge, is = open === x.name || (b.state === "down" && open !== "-" + x.name);
        const tr = h("tr", { class: "pick" + (is ? " open" : ""), onclick: () => pick(x.name, is) },
          h("td", { class: "two" }, icon("in", 12), " In"), h("td", {}, h("button", { class: "link name", type: "button", "aria-expanded": String(is) }, x.name)), h("td", { class: "mono two", title: x.address }, x.address), h("td", {}, stateOf(b)),
          h("td", { class: "num " + (b.state === "down" ? "badText" : "two"), title: b.lastMessage ? utc(new Date(b.lastMessage)) : "" }, ago(b.lastMessage)), h("td", { class: "num" }, `${(b.lastFiveMinutes / 5).toFixed(1)}/min`),
          h("td", {}, minutes(x, most)), h("td", {}, line(b)), h("td", { class: "num" }, count(b.disconnects)), h("td", { class: "num two" }, count(b.waiting)));
        return is ? [tr, more(x, cols.length)] : tr;
      })))));
  }

  function line(b) {
    const now = Date.now(), blocks = [];
    b.ended.forEach((e, i) => {
      const from = new Date(e.at).getTime(), next = b.ended[i + 1], to = next ? new Date(next.at).getTime() - next.lastedSeconds * 1000 : b.state === "down" ? now : new Date(b.since).getTime();
      blocks.push({ from, to: Math.max(to, from), title: `${when(new Date(from))}, for ${span((to - from) / 1000)}: ${e.problem}` });
    });
    const began = b.ended.length ? new Date(b.ended[0].at).getTime() - b.ended[0].lastedSeconds * 1000 : new Date(b.since).getTime();
    if (!b.connects) blocks.push({ from: new Date(b.since).getTime(), to: now, title: "Never connected" });
    return gaps(blocks, now, began);
  }

  function more(x, n) {
    const b = x.bridge, down = b.state === "down", m = x.messages;
    return h("tr", { class: "more" }, h("td", { colspan: n }, h("div", { class: "detail3" },
      h("div", {}, h("h3", {}, "What happened"), down
        ? b.self ? h("p", {}, h("b", { class: "warnText" }, "It leads back to this hub. "), "Every message would come twice, so it is not used; it is tried again every ten minutes. Remove it from mqttSources, or give its address as mqtt://localhost.") : [h("p", {}, h("b", { class: "badText" }, b.problem || "Not connected yet."), " The hub keeps trying, once a minute at least. Observers and this hub's own database are not affected."), raw(b)]
        : h("p", { class: "two" }, b.state === "quiet" ? "Nothing has come for longer than usual, but the far broker answers." : "Messages flow.", b.problem ? ` The last problem was: ${b.problem}` : "")),
      h("div", {}, h("h3", {}, "Connections that ended"), b.ended.length ? h("ol", {}, [...b.ended].reverse().slice(0, 5).map((e) => h("li", {}, h("span", {}, when(new Date(e.at))), h("span", { title: e.cause }, e.problem), h("span", {}, `after ${span(e.lastedSeconds)}`)))) : h("p", { class: "two" }, b.connects ? "None since the hub started." : "It has not been connected since the hub started.")),
      h("div", {}, h("h3", {}, "Messages since the start"), h("dl", {}, [["Received", m.received], ["Stored", m.stored], ["Known already", m.duplicates], ["Nothing for us", m.passed], ["Worthless", m.worthless], ["Shown to subscribers", b.republished]].filter(([k, v]) => v || k === "Received" || k === "Stored").map(([k, v]) => [h("dt", {}, k), h("dd", {}, count(v))]))))));
  }
  const raw = (b) => b.lastError && h("details", {}, h("summary", { class: "two" }, "Details"), h("p", { class: "mono two" }, b.lastError));

  function events(all) {
    const list = [];
    for (const x of all) {
      x.bridge.ended.forEach((e) => list.push([new Date(e.at), x.name, "bad", `Connection ended after ${span(e.lastedSeconds)}. ${e.problem}`]));
      if (x.bridge.connects && x.bridge.state !== "down") list.push([new Date(x.bridge.since), x.name, "ok", x.bridge.state === "quiet" ? "Fell quiet; the far broker answers" : x.bridge.disconnects ? "Connected again" : "Connected"]);
      if (!x.bridge.connects) list.push([new Date(x.bridge.since), x.name, x.bridge.self ? "warn" : "bad", x.bridge.self ? "Leads back to this hub, and is not used" : x.bridge.problem ? `Could not connect. ${x.bridge.problem}` : "Not connected yet"]);
    }
    if (!list.length) return null;
    list.sort((a, b) => b[0] - a[0]);
    const cols = [["Time", 130], ["Source", 160], ["What happened", 0]];
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Recent events")), h("table", { class: "table" }, h("caption", { class: "sr" }, "Recent events"), colgroup(cols), h("thead", { class: "sr" }, h("tr", {}, cols.map(([t]) => h("th", { scope: "col" }, t)))),
      h("tbody", {}, list.slice(0, 12).map(([t, n, k, text]) => h("tr", {}, h("td", { class: "two", style: { fontWeight: 400 } }, when(t)), h("td", {}, h("b", {}, n)), h("td", {}, h("span", { class: "state " + k, style: { color: "inherit" } }, state(k, "").firstChild, h("span", { style: { fontWeight: 400 } }, text))))))));
  }
  const minutes = (x, most) => {
    const n = x.perMinute.reduce((a, b) => a + b, 0);
    return bars(x.perMinute, most, `${plural(n, "message")} in the last 60 minutes`);
  };
  const colgroup = (cols) => h("colgroup", {}, cols.map(([, w]) => { const el = h("col"); if (w) el.style.width = w + "px"; return el; }));

  draw();
  app.every(5000, load);
  app.on("back", load);
}
