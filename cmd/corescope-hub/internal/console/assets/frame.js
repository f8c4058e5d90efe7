// A frame byte by byte, its fields, and who heard it.

import { h, put, snr, rssi, count } from "./dom.js";
import { path, after, firstOf, earlier } from "./rows.js";

const off = (n, wide = 2) => n.toString(16).toUpperCase().padStart(wide, "0");

/** hexFrame shows a part's bytes, sixteen a row, and its fields; pointing at one
 * lights the other, and the arrow keys walk the fields. */
export function hexFrame(part, withTable = true) {
  const all = part.rows.map((r) => ({ ...r, size: r.hex.length / 2 }));
  const cells = [], rows = [], box = h("div", { class: "frame", "aria-hidden": "true" });
  const light = (i, on) => {
    cells[i]?.forEach((c) => c.classList.toggle("on", on));
    rows[i]?.classList.toggle("on", on);
  };
  const watch = (el, i) => {
    el.addEventListener("pointerenter", () => light(i, true));
    el.addEventListener("pointerleave", () => light(i, false));
  };
  let line, at = 0;
  all.forEach((f, i) => {
    cells[i] = [];
    for (let k = 0; k < f.size; k++, at++) {
      if (at % 16 === 0) {
        line = h("div", { class: "hexrow" });
        box.append(h("span", { class: "off" }, off(at, 4)), line);
      }
      const cls = ["by", "k" + f.colour, k === 0 && "a", k === f.size - 1 && "z"].filter(Boolean).join(" ");
      const c = h("span", { class: cls }, f.hex.substr(2 * k, 2));
      watch(c, i);
      cells[i].push(c);
      line.append(c);
    }
  });
  const out = h("div", { class: "hexframe" }, box);
  if (withTable) {
    const body = h("tbody");
    all.forEach((f, i) => {
      const range = f.size > 1 ? `${off(f.offset)}–${off(f.offset + f.size - 1)}` : off(f.offset);
      const bytes = f.hex.length > 12 ? f.hex.slice(0, 8) + "…" : f.hex;
      const tr = h("tr", { class: "k" + f.colour, tabindex: i ? -1 : 0, onfocus: () => light(i, true), onblur: () => light(i, false), onkeydown: (e) => {
        const to = { ArrowDown: 1, ArrowUp: -1 }[e.key];
        if (to && rows[i + to]) { e.preventDefault(); e.stopPropagation(); rows[i + to].focus(); }
      } },
        h("td", {}, h("i")), h("td", { class: "mono" }, range), h("td", { class: "field" }, f.field),
        h("td", { class: "mono byt", title: f.hex.length <= 128 ? f.hex : "" }, bytes), h("td", { class: /^[a-z]/.test(f.meaning) && f.colour !== 3 ? "cap" : "" }, f.meaning));
      watch(tr, i);
      rows[i] = tr;
      body.append(tr);
    });
    if (part.error) body.append(h("tr", { class: "k8 cut" }, h("td", {}, h("i")), h("td"), h("td", {}, "refused"), h("td", { class: "byt" }), h("td", {}, part.error)));
    const cols = [16, 52, 98, 82];
    out.append(h("table", { class: "fields" }, h("caption", { class: "sr" }, "Fields"),
      h("colgroup", {}, cols.map((w, i) => { const c = h("col", i === 3 ? { class: "cb" } : {}); c.style.width = w + "px"; return c; }), h("col")), body));
  }
  const facts = part.facts.filter((f) => f.name !== "packet hash");
  if (facts.length) out.append(h("dl", { class: "facts" }, facts.map((f) => [h("dt", {}, f.name), h("dd", {}, f.value)])));
  return out;
}

/** frameOf is the frame that an observation heard. */
export const frameOf = (detail, id) => detail.frames.find((f) => f.observations.includes(id)) || detail.frames[0];

/** sizeWords is how large a frame is, and how long it was on the air. */
export function sizeWords(f, radio) {
  const n = f.hex.length / 2;
  let words = `${count(n)} bytes`;
  if (f.airtimeMs !== null) words += `, ${count(Math.round(f.airtimeMs))} ms ${radio ? "at " + f.radio : "on air"}`;
  return words;
}

/** receptions lists who heard a packet; pick chooses whose frame is shown. */
export function receptions(p, chosen, pick) {
  const sorted = [...p.observations].sort(earlier);
  return h("table", { class: "heard" }, h("caption", { class: "sr" }, "Receptions"), h("tbody", {}, sorted.map((o) =>
    h("tr", { class: o.id === chosen ? "mine" : "" },
      h("td", {}, h("button", { class: "link", type: "button", title: "Show the frame as it was heard here", onclick: () => pick(o.id) }, o.name || o.observer.slice(0, 8) || "unknown")),
      h("td", { class: "num" }, after(p, o)),
      h("td", { class: "num strong" }, o.snr === null ? "" : snr(o.snr) + " dB"),
      h("td", { class: "num" }, o.rssi === null ? "" : rssi(o.rssi) + " dBm"),
      h("td", { class: "path" }, path(p, o, false))))));
}
export { put, firstOf };
