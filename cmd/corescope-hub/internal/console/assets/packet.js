// One packet on a page of its own.

import { h, put, s, icon, snr, rssi, clock, date, utc, inCoreScope } from "./dom.js";
import { typeMark, sentence, path, pathsOf, observersOf, longest, after, earlier, types, fromText } from "./rows.js";
import { hexFrame, frameOf, sizeWords } from "./frame.js";

export function start(app, main) {
  const d = app.data;
  const byKey = (key) => d.packet.observations.filter((o) => o.observer === key).reduce((a, b) => (a && a.path.length >= b.path.length ? a : b), null)?.id;
  let chosen = byKey(app.query().get("as")) ?? longest(d.packet)?.id;
  const pick = (id) => {
    chosen = id;
    app.go({ as: d.packet.observations.find((o) => o.id === id)?.observer });
    draw();
  };
  const draw = () => show(app, main, d, chosen, pick);
  app.keys.c = () => app.copy(frameOf(d, chosen).hex);
  app.keys.Escape = () => { location.href = "/?tx=" + d.packet.hash; };
  draw();
}

function show(app, main, d, chosen, pick) {
  const p = d.packet, f = frameOf(d, chosen), at = new Date(p.firstSeen), n = observersOf(p), paths = pathsOf(p);
  document.title = document.title.replace(/^(\(\d+\) )?[^·]+/, `$1${sentence(p).slice(0, 60)} `);
  const select = h("select", { class: "edged", "aria-label": "As heard by", onchange: (e) => pick(Number(e.target.value)) },
    p.observations.map((o) => h("option", { value: o.id }, (o.name || o.observer.slice(0, 8)) + (p.observations.filter((x) => x.observer === o.observer).length > 1 ? `, ${o.path.length} hops` : ""))));
  select.value = String(chosen);
  const inside = f ? f.parts.slice(1) : [];
  put(main, h("article", { class: "tx" },
    h("div", { class: "head" }, h("div", {},
      h("p", { class: "crumb" }, h("a", { href: "/?tx=" + p.hash }, "Live"), " › ", h("span", { class: "mono" }, p.hash)),
      h("h1", {}, sentence(p)), inCoreScope(app, "packets", p.hash)),
    h("button", { class: "quiet", type: "button", onclick: () => app.copy(f.hex) }, icon("copy"), "Copy hex")),
    h("div", { class: "facts1" }, typeMark(p), p.channel && h("span", {}, p.sealed ? "Channel " + p.channel : p.channel), h("span", {}, p.route.toLowerCase().replace("_", " ")),
      p.scope !== null && h("span", {}, p.scope ? "Scope " + p.scope : "A region that is not known here"),
      h("time", { datetime: p.firstSeen, title: utc(at) }, `${date(at)}, ${clock(at)}`),
      h("span", {}, `Heard by ${n} of ${Math.max(n, app.vitals.known)} observers over ${paths} ${paths === 1 ? "path" : "paths"}`)),
    h("div", { class: "cards" },
      h("section", { class: "card" }, h("header", {}, h("h2", {}, "Frame on air"), f && h("span", {}, sizeWords(f, true)), h("span", { class: "right" }, "as heard by ", select)), f && h("div", { class: "in" }, hexFrame(f.parts[0]))),
      inside.length
        ? inside.map((part) => h("section", { class: "card" }, h("header", {}, h("h2", {}, "Inside the ciphertext"), h("span", {}, part.title)),
          h("div", { class: "in" }, hexFrame(part), types[p.type]?.[1] === "channel" && p.from && h("p", { class: "hint", style: { marginTop: "14px" } }, "The sender name is plain text typed by the sending app. Nothing in the packet proves it."))))
        : h("section", { class: "card" }, h("header", {}, h("h2", {}, "Inside")), h("p", { class: "in two" }, why(p)))),
    heard(p, chosen, pick),
    h("p", { class: "hint" }, "Names come from the leading bytes of each key. A dotted hex hop matches several nodes, or none that this hub has heard.")));
}

function why(p) {
  if (p.sealed && types[p.type]?.[1] === "channel") return `No key on this hub for channel ${p.channel}. Add it to channelKeys or hashChannels, and packets that come then are opened.`;
  if (p.sealed) return "Only the two ends have the key, so nobody in between can read it: neither repeaters nor this hub.";
  return "Nothing in this packet is encrypted: the frame says it all.";
}

function heard(p, chosen, pick) {
  const sorted = [...p.observations].sort(earlier), sender = fromText(p);
  const gt = () => h("span", { class: "gt" }, "›");
  const row = (o) => h("tr", { class: "pick", "aria-selected": String(o.id === chosen), onclick: () => pick(o.id) },
    h("td", {}, h("button", { class: "link", type: "button" }, o.name || o.observer.slice(0, 8) || "unknown")), h("td", { class: "num two" }, after(p, o)),
    h("td", { class: "num two" }, clock(new Date(o.receivedAt))), h("td", { class: "num" }, snr(o.snr)), h("td", {}, track(o.snr)),
    h("td", { class: "num" }, rssi(o.rssi)), h("td", { class: "num two" }, o.score ?? ""),
    h("td", { class: "path" }, p.type === "ADVERT" || types[p.type]?.[1] === "channel" ? [sender || "Sender", gt()] : "", o.path.length || p.type === "TRACE" ? [path(p, o, false), gt()] : "", h("b", {}, o.name || o.observer.slice(0, 8))));
  const cols = [170, 100, 120, 80, 210, 100, 80];
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Receptions"), h("span", {}, "one line per observer and path")),
    h("div", { class: "box" }, h("table", { class: "table", style: { minWidth: "980px" } }, h("caption", { class: "sr" }, "Receptions"),
      h("colgroup", {}, cols.map((w) => { const c = h("col"); c.style.width = w + "px"; return c; }), h("col")),
      h("thead", {}, h("tr", {}, ["Observer", "After first", "Received", "SNR dB", "", "RSSI dBm", "Score", "Path travelled"].map((t, i) => h("th", { scope: "col", class: [1, 2, 3, 5, 6].includes(i) ? "num" : "" }, t)))),
      h("tbody", {}, sorted.map(row)))));
}

function track(v) {
  const x = (n) => Math.max(2, Math.min(188, ((n + 20) / 40) * 190));
  return s("svg", { class: "track", width: 190, height: 12, "aria-hidden": "true" }, s("path", { d: "M0 6H190", stroke: "var(--line2)", "stroke-width": 2 }), s("path", { d: `M${x(0)} 2v8`, stroke: "var(--text3)" }),
    v !== null && s("circle", { cx: x(v), cy: 6, r: 4, fill: "var(--sdot)" }));
}
