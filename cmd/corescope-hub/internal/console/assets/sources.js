// Sources: where messages come from, and whether each flows.

import { h, put, icon, ago, span, when, count, plural, state, ask, utc } from "./dom.js";
import { bars, gaps } from "./charts.js";

export function start(app, main) {
  let data = app.data, open = decodeURIComponent(location.pathname.split("/")[2] || "");
  const history = new Map(); // messages a minute, of each source, since the page was opened
  const body = h("div", { class: "content" });
  put(main, body);
  const note = () => {
    const now = Date.now();
    for (const x of data.sources) {
      const all = history.get(x.name) || [];
      all.push([now, x.messages.received]);
      while (all.length > 2 && now - all[0][0] > 3.66e6) all.shift();
      history.set(x.name, all);
    }
  };
  const perMinute = (x) => {
    if (x.bridge) return x.bridge.lastFiveMinutes / 5;
    const all = history.get(x.name) || [], [a, b] = [all.find((p) => Date.now() - p[0] < 300000), all[all.length - 1]];
    if (!a || b[0] === a[0]) return null;
    return (b[1] - a[1]) / ((b[0] - a[0]) / 60000);
  };
  const load = async () => {
    try { data = await ask("/api/v1/sources"); note(); draw(); } catch { /* the last rows stay */ }
  };

  function draw() {
    const bridges = data.sources.filter((x) => x.kind === "bridge"), listeners = data.sources.filter((x) => x.kind === "listener");
    const down = bridges.filter((b) => b.bridge.state === "down").length;
    put(body, h("div", { class: "head" }, h("div", {}, h("h1", {}, "Sources"), h("p", {}, `${bridges.length ? plural(bridges.length, "bridge") + (down ? `, ${down} down` : "") : "No bridges"}, ${plural(listeners.length, "listener")}. All times are this hub's clock.`))), bridgeCard(bridges), listenerCard(listeners), events(bridges));
  }

  const kinds = { up: "ok", quiet: "ok", down: "bad" };
  function stateOf(b) {
    const t = span((Date.now() - new Date(b.since)) / 1000);
    return state(kinds[b.state] || "off", b.state === "down" ? (b.connects ? `Down ${t}` : "Never connected") : b.state === "quiet" ? `Connected, quiet ${t}` : `Connected ${t}`);
  }
  function bridgeCard(all) {
    if (!all.length) return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Bridges")), h("p", { class: "empty" }, "This hub takes messages from its own clients only. To take those of another broker too, name it in mqttSources and restart."));
    const cols = [["", 70], ["Name", 150], ["Address", 320], ["State", 200], ["Last message", 110, "num"], ["Rate", 100, "num"], ["Connection, last 24 hours", 0], ["Drops", 80, "num"], ["Waiting", 90, "num"]];
    all.sort((a, b) => (a.bridge.state === "down" ? 0 : 1) - (b.bridge.state === "down" ? 0 : 1));
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Bridges")), h("div", { class: "box" }, h("table", { class: "table tall", style: { minWidth: "1180px" } }, h("caption", { class: "sr" }, "Bridges, problems first"), colgroup(cols),
      h("thead", {}, h("tr", {}, cols.map(([t, , c]) => h("th", { scope: "col", class: c }, t || h("span", { class: "sr" }, "Direction"))))),
      h("tbody", {}, all.map((x) => {
        const b = x.bridge, is = open === x.name || (b.state === "down" && open !== "-" + x.name);
        const tr = h("tr", { class: "pick" + (is ? " open" : ""), onclick: () => { open = is ? "-" + x.name : x.name; app.go({}, is ? "/sources" : "/sources/" + encodeURIComponent(x.name)); draw(); } },
          h("td", { class: "two" }, icon("in", 12), " In"), h("td", {}, h("b", {}, x.name)), h("td", { class: "mono two", title: x.address }, x.address), h("td", {}, stateOf(b)),
          h("td", { class: "num " + (b.state === "down" ? "badText" : "two"), title: b.lastMessage ? utc(new Date(b.lastMessage)) : "" }, ago(b.lastMessage)), h("td", { class: "num" }, `${(b.lastFiveMinutes / 5).toFixed(1)}/min`),
          h("td", {}, line(b)), h("td", { class: "num" }, count(b.disconnects)), h("td", { class: "num two" }, count(b.waiting)));
        return is ? [tr, more(x, cols.length)] : tr;
      })))));
  }

  function line(b) {
    const now = Date.now(), blocks = [];
    b.ended.forEach((e, i) => {
      const from = new Date(e.at).getTime(), next = b.ended[i + 1], to = next ? new Date(next.at).getTime() - next.lastedSeconds * 1000 : b.state === "down" ? now : new Date(b.since).getTime();
      blocks.push({ from, to: Math.max(to, from), title: `${when(new Date(from))}, for ${span((to - from) / 1000)}: ${e.cause}` });
    });
    const began = b.ended.length ? new Date(b.ended[0].at).getTime() - b.ended[0].lastedSeconds * 1000 : new Date(b.since).getTime();
    if (!b.connects) blocks.push({ from: new Date(b.since).getTime(), to: now, title: "Never connected" });
    return gaps(blocks, now, began);
  }

  function more(x, n) {
    const b = x.bridge, down = b.state === "down", m = x.messages;
    return h("tr", { class: "more" }, h("td", { colspan: n }, h("div", { class: "detail3" },
      h("div", {}, h("h3", {}, "What happened"), down
        ? h("p", {}, h("b", { class: "badText" }, b.lastError ? sentence(b.lastError) : "Not connected yet. "), " The hub keeps trying, once a minute at least. Check the address, the login and the network, and whether the far broker runs. Observers and this hub's own database are not affected.")
        : h("p", { class: "two" }, b.state === "quiet" ? "Nothing has come for longer than usual, but the far broker answers." : "Messages flow.", b.lastError ? ` The last problem was: ${sentence(b.lastError)}` : "")),
      h("div", {}, h("h3", {}, "Connections that ended"), b.ended.length ? h("ol", {}, [...b.ended].reverse().slice(0, 5).map((e) => h("li", {}, h("span", {}, when(new Date(e.at))), h("span", {}, e.cause), h("span", {}, `after ${span(e.lastedSeconds)}`)))) : h("p", { class: "two" }, b.connects ? "None since the hub started." : "It has not been connected since the hub started.")),
      h("div", {}, h("h3", {}, "Messages since the start"), h("dl", {}, [["Received", m.received], ["Stored", m.stored], ["Known already", m.duplicates], ["Nothing for us", m.passed], ["Worthless", m.worthless], ["Shown to subscribers", b.republished]].filter(([k, v]) => v || k === "Received" || k === "Stored").map(([k, v]) => [h("dt", {}, k), h("dd", {}, count(v))]))))));
  }
  const sentence = (t) => t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? "" : ".");

  const names = { tcp: "MQTT", tls: "MQTT over TLS", ws: "MQTT over WebSocket", wss: "MQTT over WebSocket and TLS", http: "MQTT over WebSocket, on this port" };
  function listenerCard(all) {
    const cols = [["Listener", 240], ["Address", 280], ["State", 130], ["Messages/min", 120, "num"], ["Last 60 min", 220], ["Received", 110, "num"], ["Stored", 110, "num"], ["Not stored", 110, "num"], ["Note", 0]];
    const notes = { tcp: "Plain text: for the local network", ws: "Plain text: for the local network", tls: "Encrypted", wss: "Encrypted" };
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Listeners"), h("span", {}, "where observers connect")), h("div", { class: "box" }, h("table", { class: "table", style: { minWidth: "1120px" } }, h("caption", { class: "sr" }, "Listeners"), colgroup(cols),
      h("thead", {}, h("tr", {}, cols.map(([t, , c]) => h("th", { scope: "col", class: c }, t)))),
      h("tbody", {}, all.map((x) => {
        const scheme = x.name.split("://")[0], rate = perMinute(x), m = x.messages;
        return h("tr", {}, h("td", {}, names[scheme] || scheme), h("td", { class: "mono two" }, x.address), h("td", {}, x.address ? state("ok", "Open") : state("bad", "Not open")), h("td", { class: "num" }, rate === null ? "" : rate.toFixed(1)), h("td", {}, minuteBars(x)),
          h("td", { class: "num" }, count(m.received)), h("td", { class: "num" }, count(m.stored)), h("td", { class: "num two" }, count(m.passed + m.worthless + m.notSafe)), h("td", { class: "two" }, notes[scheme] || ""));
      })))));
  }
  function minuteBars(x) {
    const all = history.get(x.name) || [], now = Date.now(), out = new Array(60).fill(0);
    for (let i = 1; i < all.length; i++) out[59 - Math.min(59, Math.floor((now - all[i][0]) / 60000))] += all[i][1] - all[i - 1][1];
    return bars(out, Math.max(...out), `Messages a minute since this page was opened, at most ${count(Math.max(...out))}`);
  }

  function events(all) {
    const list = [];
    for (const x of all) {
      x.bridge.ended.forEach((e) => list.push([new Date(e.at), x.name, "bad", `Connection ended after ${span(e.lastedSeconds)}: ${e.cause}`]));
      if (x.bridge.connects && x.bridge.state !== "down") list.push([new Date(x.bridge.since), x.name, "ok", x.bridge.state === "quiet" ? "Fell quiet; the far broker answers" : x.bridge.disconnects ? "Connected again" : "Connected"]);
      if (!x.bridge.connects) list.push([new Date(x.bridge.since), x.name, "bad", x.bridge.lastError ? `Could not connect: ${x.bridge.lastError}` : "Not connected yet"]);
    }
    if (!list.length) return null;
    list.sort((a, b) => b[0] - a[0]);
    const cols = [["Time", 130], ["Source", 160], ["What happened", 0]];
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Recent events")), h("table", { class: "table" }, h("caption", { class: "sr" }, "Recent events"), colgroup(cols), h("thead", { class: "sr" }, h("tr", {}, cols.map(([t]) => h("th", { scope: "col" }, t)))),
      h("tbody", {}, list.slice(0, 12).map(([t, n, k, text]) => h("tr", {}, h("td", { class: "two", style: { fontWeight: 400 } }, when(t)), h("td", {}, h("b", {}, n)), h("td", {}, h("span", { class: "state " + k, style: { color: "inherit" } }, state(k, "").firstChild, h("span", { style: { fontWeight: 400 } }, text))))))));
  }
  const colgroup = (cols) => h("colgroup", {}, cols.map(([, w]) => { const el = h("col"); if (w) el.style.width = w + "px"; return el; }));

  note();
  draw();
  app.every(5000, load);
  app.on("back", load);
}
