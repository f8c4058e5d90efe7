// Observers: who is there, who is missing, who was turned away and why.

import { h, put, searchBox, ago, span, when, count, minus, plural, state, ask, short, utc, redraw, prose } from "./dom.js";
import { bars, spread, spark } from "./charts.js";

const phone = matchMedia("(max-width: 720px)"), roomy = matchMedia("(min-width: 1501px)"), spacious = matchMedia("(min-width: 1681px)");

export function start(app, main) {
  let data = app.data, open = decodeURIComponent(location.pathname.split("/")[2] || "");
  let find = app.query().get("q") || "";
  const head = h("div"), body = h("div");
  const box = searchBox("Name or key", find, (v) => { find = v; app.go({ q: v }); draw(); });
  put(main, h("div", { class: "content" }, h("div", { class: "head" }, head, box), body));

  const draw = () => redraw(body, show);
  const show = () => {
    const n = (s) => data.observers.filter((o) => o.state === s).length;
    const silent = n("silent"), away = n("away");
    put(head, h("h1", {}, "Observers"), h("p", {}, [`${n("connected")} connected`, silent && `${silent} silent`, away && `${away} away`, data.turnedAway.length && `${data.turnedAway.length} turned away`].filter(Boolean).join(", ") + ". ", data.admission && `May publish: ${data.admission}.`));
    const q = find.toLowerCase();
    const rows = data.observers.filter((o) => !q || o.name.toLowerCase().includes(q) || o.id.toLowerCase().includes(q) || o.region.toLowerCase() === q);
    put(body, rows.length ? (phone.matches ? cards(rows) : table(rows)) : h("div", { class: "card empty" }, data.observers.length ? "No observer fits." : "No observer has connected yet. Point one at this hub and it appears here."), turnedAway(), ruled());
  };
  const load = async () => {
    try { data = await ask("/api/console/observers"); draw(); } catch { /* the last rows stay, the bar says that the hub is lost */ }
  };
  const pick = (o) => {
    open = open === o.id ? "" : o.id;
    app.go({}, open ? "/observers/" + encodeURIComponent(open) : "/observers");
    draw();
  };
  const act = async (key, name, action) => {
    const done = { mute: "Muted", unmute: "Unmuted", deny: "Denied", allow: "Allowed", lift: "Lifted" }[action];
    const undo = { mute: "unmute", unmute: "mute", deny: "lift", allow: "lift", lift: "" }[action];
    try {
      await ask(`/api/console/observers/${encodeURIComponent(key)}/${action}`, { method: "POST" });
      app.toast(`${done} ${name || short(key)}`, undo && "Undo", () => act(key, name, undo), 10000);
    } catch (e) { app.toast(e.message); }
    load();
  };

  const marks = { connected: ["ok", "Connected"], silent: ["warn", "Silent"], away: ["off", "Away"] };
  const stateOf = (o) => {
    if (o.decision === "deny") return state("bad", "Denied");
    if (o.muted) return state("off", "Muted");
    const [kind, word] = marks[o.state];
    return state(kind, o.state === "connected" ? word : `${word} ${span((Date.now() - new Date(o.since)) / 1000)}`);
  };
  const rate = (o) => (o.perMinute.reduce((a, b) => a + b, 0) / 60).toFixed(1);
  const battery = (o) => (o.batteryMv ? `${(o.batteryMv / 1000).toFixed(2)} V` : o.noiseFloor !== null ? "mains" : "unknown");

  function table(rows) {
    const most = Math.max(...rows.flatMap((o) => o.perMinute));
    const cols = [["Observer", 0], ["Key", 58], roomy.matches && ["Region", 66], ["Presence", 170], ["Last packet", 92, "num"], ["Packets/min", 96, "num"], ["Last 60 min", 196], ["SNR, −20 to 15 dB, line at 0", 198], ["Noise floor", 92, "num"], ["24 h", 78], ["Battery", 74, "num"], roomy.matches && ["Firmware", 92], spacious.matches && ["Uploader", 150, "c-uploader"], ["Clock", 124, "num"]].filter(Boolean);
    const row = (o) => {
      const warn = o.state === "silent";
      const tr = h("tr", { class: "pick" + (open === o.id ? " open" : ""), onclick: () => pick(o) },
        h("td", {}, h("button", { class: "link name", type: "button", "aria-expanded": String(open === o.id) }, o.name || "no name")),
        h("td", { class: "mono two", title: o.id }, short(o.id)), roomy.matches && h("td", { class: "two" }, o.region),
        h("td", {}, stateOf(o)), h("td", { class: "num " + (warn ? "warnText" : "two"), title: o.lastPacket ? utc(new Date(o.lastPacket)) : "" }, ago(o.lastPacket)),
        h("td", { class: "num" }, rate(o)), h("td", {}, bars(o.perMinute, most, `${count(o.perMinute.reduce((a, b) => a + b, 0))} receptions in the last 60 minutes`)),
        h("td", {}, spread(o.snr)), h("td", { class: "num" }, o.noiseFloor === null ? h("span", { class: "dim" }, "unknown") : `${minus(Math.round(o.noiseFloor))} dBm`),
        h("td", {}, spark(o.noise, o.noise.length ? `Noise floor in the last 24 hours, ${minus(Math.round(Math.min(...o.noise)))} to ${minus(Math.round(Math.max(...o.noise)))} dBm` : "")),
        h("td", { class: "num" }, battery(o)), roomy.matches && h("td", { class: "two" }, o.firmware), spacious.matches && h("td", { class: "c-uploader two", title: o.uploader }, o.uploader || o.model),
        h("td", { class: "num " + (o.skewSeconds ? "warnText" : "two") }, o.skewSeconds ? `${minus((o.skewSeconds > 0 ? "+" : "") + Math.round(o.skewSeconds / 60))} min, corrected` : ""));
      return open === o.id || warn ? [tr, more(o, cols.length)] : tr;
    };
    return h("section", { class: "card" }, h("div", { class: "box" }, h("table", { class: "table", style: { minWidth: "1080px" } }, h("caption", { class: "sr" }, "Observers, problems first"),
      h("colgroup", {}, cols.map(([, w, c]) => { const el = h("col", { class: c }); if (w) el.style.width = w + "px"; return el; })),
      h("thead", {}, h("tr", {}, cols.map(([t, , c]) => h("th", { scope: "col", class: c }, t)))), h("tbody", {}, rows.map(row)))));
  }

  function reason(o) {
    if (o.state === "silent") {
      return [h("b", { class: "warnText" }, `Connected, but no packet since ${when(new Date(o.since))}. `),
        o.noiseRise ? `Its noise floor rose ${Math.round(o.noiseRise)} dB at ${when(new Date(o.roseAt))}. Something near its antenna is drowning the radio: look for a new power supply or screen, then restart the observer.` : "Look whether its antenna is connected and its radio is set to the frequency of the mesh, then restart it."];
    }
    if (o.state === "away") return [h("b", {}, "Not connected. "), `Last heard ${ago(o.lastSeen)}${o.lastSeen && new Date() - new Date(o.lastSeen) < 3.6e6 ? " ago" : ""}. Look whether it has power and network, and whether its settings still name this hub.`];
    return [`Connected for ${span((Date.now() - new Date(o.since)) / 1000)}${o.via ? `, over ${o.via}` : ""}. ${plural(o.packets, "packet")} since ${o.firstSeen ? when(new Date(o.firstSeen)) : "it came"}.`, o.radio ? ` Radio ${o.radio}.` : "", o.model ? ` ${o.model}.` : ""];
  }
  function more(o, n) {
    return h("tr", { class: "more" }, h("td", { colspan: n }, h("div", { class: "why" }, h("p", {}, reason(o), open === o.id && h("span", { class: "mono dim", style: { display: "block" } }, o.id)),
      data.mayChange && h("div", { class: "acts2" },
        o.muted ? h("button", { class: "quiet", type: "button", title: "Store its packets again", onclick: () => act(o.id, o.name, "unmute") }, "Unmute")
          : h("button", { class: "quiet", type: "button", title: "It stays connected; its packets are not stored for 24 hours", onclick: () => act(o.id, o.name, "mute") }, "Mute 24 h"),
        o.decision === "deny" ? h("button", { class: "quiet", type: "button", title: "Take it again", onclick: () => act(o.id, o.name, "lift") }, "Lift")
          : h("button", { class: "quiet", type: "button", title: "Refuse it at login until somebody lifts that", onclick: () => act(o.id, o.name, "deny") }, "Deny")),
      h("a", { class: "button", href: "/?obs=" + encodeURIComponent(o.id) }, "Show its packets"))));
  }

  function cards(rows) {
    const most = Math.max(...rows.flatMap((o) => o.perMinute));
    return h("ul", { class: "obs-cards" }, rows.map((o) => h("li", { onclick: () => pick(o) },
      h("span", {}, h("span", { class: "name" }, o.name || "no name"), " ", h("span", { class: "mono two" }, short(o.id))), bars(o.perMinute.filter((_, i) => i % 2 === 0), most, "Last 60 minutes", 90, 18),
      stateOf(o), h("span", { class: "num" }, h("b", {}, rate(o)), h("span", { class: "dim" }, "/min")),
      (open === o.id || o.state === "silent") && h("p", { class: "two", style: { gridColumn: "1/-1" } }, reason(o)))));
  }

  function turnedAway() {
    const all = data.turnedAway;
    if (!all.length) return null;
    const cols = [["Reason", 250], ["Key or name", 170], ["From", 170], ["Attempts", 190], ["What to do", 0], ["", 150]];
    const devices = new Set(all.map((r) => r.key)).size;
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Turned away"), h("span", {}, `${plural(devices, "device")} in the last 24 hours, nothing of this stored`)),
      h("div", { class: "box" }, h("table", { class: "table tall", style: { minWidth: "960px" } }, h("caption", { class: "sr" }, "Turned away"), h("colgroup", {}, cols.map(([, w]) => { const el = h("col"); if (w) el.style.width = w + "px"; return el; })),
        h("thead", {}, h("tr", {}, cols.map(([t]) => h("th", { scope: "col" }, t || h("span", { class: "sr" }, "Actions"))))),
        h("tbody", {}, all.map((r) => h("tr", {}, h("td", { class: "wrap" }, state("bad", r.text.charAt(0).toUpperCase() + r.text.slice(1))), h("td", { class: r.name ? "" : "mono", title: r.key }, r.name || (r.key.length > 12 ? `${r.key.slice(0, 4)} ${r.key.slice(4, 8)}…` : r.key)),
          h("td", { class: "two" }, r.address), h("td", { class: "two" }, `${count(r.attempts)}, last ${when(new Date(r.last))}`), h("td", { class: "wrap" }, prose(r.remedy.charAt(0).toUpperCase() + r.remedy.slice(1) + (/[.!?]$/.test(r.remedy) ? "" : "."))),
          h("td", {}, data.mayChange && r.canAllow && h("div", { class: "acts2" }, h("button", { class: "quiet", type: "button", onclick: () => act(r.key, r.name, "deny") }, "Deny"), h("button", { class: "button", type: "button", onclick: () => act(r.key, r.name, "allow") }, "Allow")))))))));
  }

  function ruled() {
    if (!data.muted.length && !data.denied.length) return null;
    const list = (title, sub, all, label, action) => h("section", { class: "card" }, h("header", {}, h("h2", {}, title), h("span", {}, sub)),
      all.length ? h("ul", { class: "rules" }, all.map((r) => h("li", {}, h("b", {}, r.name || "unknown"), h("span", { class: "mono two", title: r.key }, short(r.key)),
        h("span", { class: "two" }, [r.by && r.by !== "operator" ? `by the hub: ${r.by}` : "", r.until ? `until ${when(new Date(r.until))}` : "until lifted", r.note].filter(Boolean).join(", ")),
        data.mayChange && h("span", { class: "acts2" }, h("button", { class: "quiet", type: "button", onclick: () => act(r.key, r.name, action) }, label))))) : h("p", { class: "empty" }, "Nobody."));
    return h("div", { class: "two-cards" }, list("Muted", "connected, but not stored", data.muted, "Unmute", "unmute"), list("Denied", "refused at login", data.denied, "Lift", "lift"));
  }

  for (const m of [phone, roomy, spacious]) m.addEventListener("change", draw);
  app.every(5000, load);
  app.on("back", load);
  app.keys.Escape = () => { if (open) pick({ id: open }); };
  draw();
}
