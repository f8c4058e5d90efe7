// Small charts, all SVG, each with its text.

import { h, s, snr, minus } from "./dom.js";

/** bars is one bar a minute, null where nothing is known; most is the scale of the whole column. */
export function bars(values, most, label, w = 180, tall = 22) {
  const each = w / values.length;
  return s("svg", { class: "bars", width: w, height: tall, role: "img", "aria-label": label, viewBox: `0 0 ${w} ${tall}`, preserveAspectRatio: "none" },
    values.map((v, i) => {
      if (v === null) return null; // nobody counted yet
      const y = v ? Math.max(1.5, (v / Math.max(most, 1)) * (tall - 1)) : 0.8;
      return s("rect", { x: (i * each).toFixed(2), y: (tall - y).toFixed(2), width: (each * 0.62).toFixed(2), height: y.toFixed(2), fill: v ? "currentColor" : "var(--line2)" });
    }));
}

/** spread shows 10, 25, 50, 75 and 90 percent of the SNR, from -20 to 15 dB. */
export function spread(q, w = 180) {
  if (!q || q.length < 5) return h("span", { class: "dim" }, "no packets today");
  const x = (v) => ((Math.max(-20, Math.min(15, v)) + 20) / 35) * w;
  const say = `SNR ${snr(q[0])} to ${snr(q[4])} dB, median ${snr(q[2])}`;
  return s("svg", { class: "spread", width: w, height: 16, role: "img", "aria-label": say }, s("title", {}, say),
    s("path", { d: `M${x(0)} 1v14`, stroke: "var(--line2)" }), s("path", { d: `M${x(q[0])} 8H${x(q[4])}`, stroke: "var(--sdot)", "stroke-width": 1.5 }),
    s("rect", { x: x(q[1]), y: 4.5, width: Math.max(2, x(q[3]) - x(q[1])), height: 7, rx: 1, fill: "var(--s5)" }), s("path", { d: `M${x(q[2])} 3v10`, stroke: "var(--text)", "stroke-width": 2.5 }));
}

/** spark is a thin line without axes. */
export function spark(values, label, w = 62, tall = 18) {
  if (values.length < 2) return h("span");
  const lo = Math.min(...values), hi = Math.max(...values, lo + 6);
  const d = values.map((v, i) => `${i ? "L" : "M"}${((i / (values.length - 1)) * (w - 2) + 1).toFixed(1)} ${(tall - 3 - ((v - lo) / (hi - lo)) * (tall - 6)).toFixed(1)}`).join("");
  return s("svg", { width: w, height: tall, role: "img", "aria-label": label }, s("title", {}, label), s("path", { d, fill: "none", stroke: "var(--text3)", "stroke-width": 1.4 }));
}

/** gaps is a day of a connection: a line, and blocks where it was down. */
export function gaps(blocks, now, since, w = 520) {
  const day = 86400000, from = now - day, x = (t) => Math.max(0, Math.min(1, (t - from) / day)) * 100;
  const svg = s("svg", { class: "cline", width: "100%", height: 18, role: "img", "aria-label": blocks.length ? `${blocks.length} gaps in 24 hours` : "no gap in 24 hours", preserveAspectRatio: "none", viewBox: "0 0 100 18" },
    s("rect", { x: x(since), y: 7.5, width: 100 - x(since), height: 3.500, rx: 0, fill: "var(--edge)" }),
    blocks.filter((b) => b.to > from).map((b) => s("rect", { x: x(b.from), y: 3, width: Math.max(0.45, x(b.to) - x(b.from)), height: 12, fill: "var(--bad)" }, s("title", {}, b.title))));
  return svg;
}

const fmt = (v, unit) => `${minus(v >= 100 || v === Math.round(v) ? Math.round(v) : v.toFixed(1))}${unit}`;

/** lines is a chart over time. series: {points: [[x, y]], class, fill, dash}. */
export function lines(series, { w = 600, tall = 150, y0 = 0, y1, unit = "", xlabels = [], label }) {
  const all = series.flatMap((l) => l.points), xs = all.map((p) => p[0]);
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1), top = nice(Math.max(...all.map((p) => p[1]), y1 || 0, 1e-9));
  const ticks = { 1.5: 3, 3: 3, 6: 3, 10: 5, 1: 5 }[Math.round((top / 10 ** Math.floor(Math.log10(top))) * 10) / 10] || 4;
  const pad = { l: 0, r: 0, t: 16, b: 20 }, X = (v) => pad.l + ((v - x0) / (x1 - x0)) * (w - pad.l - pad.r), Y = (v) => pad.t + (1 - (v - y0) / (top - y0)) * (tall - pad.t - pad.b);
  const g = [];
  for (let i = 1; i <= ticks; i++) {
    const v = y0 + ((top - y0) * i) / ticks;
    g.push(s("path", { class: "grid", d: `M0 ${Y(v).toFixed(1)}H${w}` }), s("text", { x: w, y: Y(v) - 5, "text-anchor": "end" }, fmt(v, unit)));
  }
  g.push(s("path", { class: "grid", d: `M0 ${Y(y0)}H${w}` }));
  for (const l of series) {
    if (!l.points.length) continue;
    const d = l.points.map((p, i) => `${i ? "L" : "M"}${X(p[0]).toFixed(1)} ${Y(p[1]).toFixed(1)}`).join("");
    if (l.fill) g.push(s("path", { d: `${d}L${X(l.points[l.points.length - 1][0])} ${Y(y0)}L${X(l.points[0][0])} ${Y(y0)}Z`, fill: l.fill }));
    g.push(s("path", { d, fill: "none", stroke: l.stroke, "stroke-width": l.width || 1.8, "stroke-dasharray": l.dash, "stroke-linejoin": "round" }));
  }
  xlabels.forEach(([v, text, anchor]) => g.push(s("text", { x: X(v), y: tall - 3, "text-anchor": anchor || "middle" }, text)));
  return s("svg", { class: "chart", viewBox: `0 0 ${w} ${tall}`, role: "img", "aria-label": label }, g);
}

/** nice is a round number not below v. */
export function nice(v) {
  const p = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].find((m) => m * p >= v * 0.999) * p;
}

/** dots is values over a day, one class for each series, named at the right. */
export function dots(series, { w = 430, tall = 150, at, floor, ceil, unit }) {
  const now = Date.now() / 1000, from = now - 86400, right = 110;
  const X = (t) => 26 + ((t - from) / 86400) * (w - 26 - right), Y = (v) => 8 + (1 - (v - floor) / (ceil - floor)) * (tall - 30);
  const step = (ceil - floor) / 3, g = [];
  for (let i = 0; i <= 3; i++) {
    const v = Math.round(floor + step * i);
    g.push(s("path", { class: "grid", d: `M26 ${Y(v)}H${w - right}` }), s("text", { x: 20, y: Y(v) + 4, "text-anchor": "end" }, minus(v)));
  }
  const hour = 3600, first = Math.ceil(from / (6 * hour)) * 6 * hour;
  for (let t = first; t < now - 3.2 * hour; t += 6 * hour) g.push(s("text", { x: X(t), y: tall - 4, "text-anchor": "middle" }, `${String(new Date(t * 1000).getHours()).padStart(2, "0")}:00`));
  g.push(s("text", { x: w - right, y: tall - 4, "text-anchor": "end" }, "now"));
  const labels = series.map((l, i) => ({ i, y: Y(Math.max(floor, Math.min(ceil, l.median))), name: l.name })).sort((a, b) => a.y - b.y);
  labels.forEach((l, k) => { if (k && l.y < labels[k - 1].y + 15) l.y = labels[k - 1].y + 15; });
  series.forEach((l, i) => l.points.forEach((p) => g.push(s("circle", { class: "c" + i, cx: X(p[0]).toFixed(1), cy: Y(Math.max(floor, Math.min(ceil, p[at]))).toFixed(1), r: 1.6 }))));
  labels.forEach((l) => g.push(s("text", { class: "c" + l.i, x: w - right + 8, y: l.y + 4 }, l.name.slice(0, 16))));
  return s("svg", { class: "chart", viewBox: `0 0 ${w} ${tall}`, role: "img", "aria-label": series.map((l) => `${l.name}: median ${minus(l.median)} ${unit}`).join(", ") }, g);
}
