// The map: no tiles, only what nodes said of where they are.

import { h, s, put, count } from "./dom.js";

const kmPerDegree = 111.32;

/** shape is the mark of a role, centred at 0/0. */
export function shape(role) {
  if (role === "room") return s("path", { d: "M0-5.500 5.500 0 0 5.500-5.500 0z", fill: "var(--control)" });
  if (role === "sensor") return s("path", { d: "M0-5.500 5.500 4.500H-5.500z", fill: "var(--request)" });
  if (role === "observer") return s("rect", { x: -1.5, y: -1.5, width: 3, height: 3, fill: "var(--sdot)" });
  return s("circle", { r: role === "repeater" ? 4.8 : 3.6, fill: role === "repeater" ? "var(--text)" : "var(--channel)" });
}
export const frameShape = (state, r = 8.5) => s("rect", { x: -r, y: -r, width: 2 * r, height: 2 * r, rx: 2, fill: "none", stroke: state === "silent" ? "var(--warn)" : "var(--sdot)", "stroke-width": 1.8, "stroke-dasharray": state === "connected" ? null : "3 2.500" });

export class NodeMap {
  constructor(box, pick) {
    this.box = box;
    this.pick = pick;
    this.svg = s("svg", { class: "map", role: "group", "aria-label": "Map of the nodes; the table has all of them" });
    this.scale = h("div", { class: "scale", "aria-hidden": "true" });
    this.none = h("div", { class: "map-empty", hidden: true }, "No node has told where it is. Nodes send their position in their adverts, if their owner set one.");
    this.zoomer = h("div", { class: "zoom" }, h("button", { class: "icon", type: "button", "aria-label": "Zoom in", onclick: () => this.zoom(1.5) }, "+"), h("button", { class: "icon", type: "button", "aria-label": "Zoom out", onclick: () => this.zoom(1 / 1.5) }, "−"));
    box.append(this.svg, this.none, this.zoomer, this.scale);
    this.pointers = new Map();
    this.listen();
    new ResizeObserver(() => {
      if (this.view && !this.turned) this.fit(); // until somebody chooses what is in sight
      this.draw();
    }).observe(box);
  }

  listen() {
    this.svg.addEventListener("wheel", (e) => {
      e.preventDefault();
      const r = this.svg.getBoundingClientRect();
      this.zoom(Math.exp(-e.deltaY * 0.0015), e.clientX - r.left, e.clientY - r.top);
    }, { passive: false });
    this.svg.addEventListener("pointerdown", (e) => { this.pointers.set(e.pointerId, [e.clientX, e.clientY]); this.moved = 0; });
    this.svg.addEventListener("pointermove", (e) => {
      const was = this.pointers.get(e.pointerId);
      if (!was || !this.view) return;
      const now = [e.clientX, e.clientY];
      if (this.pointers.size === 2) {
        const other = [...this.pointers.entries()].find(([id]) => id !== e.pointerId)[1], dist = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]), r = this.svg.getBoundingClientRect();
        this.pointers.set(e.pointerId, now);
        return this.zoom(dist(now) / Math.max(1, dist(was)), (now[0] + other[0]) / 2 - r.left, (now[1] + other[1]) / 2 - r.top);
      }
      this.moved += Math.abs(now[0] - was[0]) + Math.abs(now[1] - was[1]);
      if (this.moved > 4 && !this.svg.hasPointerCapture(e.pointerId)) this.svg.setPointerCapture(e.pointerId);
      this.turned = true;
      this.view.x -= (now[0] - was[0]) / this.view.k;
      this.view.y -= (now[1] - was[1]) / this.view.k;
      this.pointers.set(e.pointerId, now);
      this.drawSoon();
    });
    const up = (e) => this.pointers.delete(e.pointerId);
    for (const t of ["pointerup", "pointercancel", "pointerleave"]) this.svg.addEventListener(t, up);
  }

  zoom(by, x = this.box.clientWidth / 2, y = this.box.clientHeight / 2) {
    if (!this.view) return;
    const v = this.view, k = Math.max(2, Math.min(400000, v.k * by)), w = this.box.clientWidth / 2, t = this.box.clientHeight / 2;
    v.x += (x - w) / v.k - (x - w) / k;
    v.y += (y - t) / v.k - (y - t) / k;
    v.k = k;
    this.turned = true;
    this.drawSoon();
  }

  drawSoon() { this.soon ??= requestAnimationFrame(() => { this.soon = null; this.draw(); }); }

  /** show takes nodes and edges; fit says to bring them all into sight. */
  show(page, selected) {
    this.page = page;
    this.selected = selected;
    const at = page.nodes.map((n, i) => ({ n, i })).filter(({ n }) => n.lat !== null && n.lon !== null);
    this.none.hidden = at.length > 0;
    if (!at.length) return this.draw();
    if (!this.mid) {
      const lats = at.map(({ n }) => n.lat).sort((a, b) => a - b);
      this.mid = lats[lats.length >> 1];
      this.squeeze = Math.max(0.1, Math.cos((this.mid * Math.PI) / 180));
    }
    this.points = at.map(({ n, i }) => ({ n, i, x: n.lon * this.squeeze, y: -n.lat }));
    if (!this.view) this.fit();
    this.draw();
  }

  /** fit leaves out the farthest few: one wrong position must not hide the rest. */
  fit() {
    const part = (all, q) => all.sort((a, b) => a - b)[Math.round((all.length - 1) * q)];
    const q = this.points.length > 20 ? 0.02 : 0, xs = this.points.map((p) => p.x), ys = this.points.map((p) => p.y);
    const x0 = part(xs, q), x1 = part(xs, 1 - q), y0 = part(ys, q), y1 = part(ys, 1 - q);
    const w = this.box.clientWidth || 800, t = this.box.clientHeight || 600;
    const k = Math.min((w - 220) / Math.max(x1 - x0, 0.004), (t - 190) / Math.max(y1 - y0, 0.004));
    this.view = { x: (x0 + x1) / 2 + 35 / Math.max(2, k), y: (y0 + y1) / 2, k: Math.max(2, k) };
  }

  draw() {
    const w = this.box.clientWidth, t = this.box.clientHeight;
    if (!this.view || !w || !t) return put(this.svg);
    const v = this.view, X = (x) => w / 2 + (x - v.x) * v.k, Y = (y) => t / 2 + (y - v.y) * v.k;
    this.svg.setAttribute("viewBox", `0 0 ${w} ${t}`);
    const byIndex = new Map(this.points.map((p) => [p.i, { ...p, px: X(p.x), py: Y(p.y) }]));
    const chosen = [...byIndex.values()].find((p) => p.n.key === this.selected);
    put(this.svg, this.grid(w, t, X, Y), chosen && this.rings(chosen), this.edges(byIndex, chosen), this.nodes(byIndex, chosen, w, t));
    this.drawScale();
  }

  grid(w, t, X, Y) {
    const v = this.view, step = niceStep(180 / v.k), lonStep = niceStep(160 / v.k / this.squeeze), out = [], places = Math.max(0, Math.ceil(-Math.log10(Math.min(step, lonStep))));
    const north = -(v.y - t / 2 / v.k), west = (v.x - w / 2 / v.k) / this.squeeze, east = (v.x + w / 2 / v.k) / this.squeeze, south = -(v.y + t / 2 / v.k);
    for (let lat = Math.ceil(south / step) * step; lat < north; lat += step) {
      const y = Y(-lat);
      out.push(s("path", { class: "grid", d: `M0 ${y}H${w}` }), s("text", { class: "axis", x: 8, y: y - 6 }, `${Math.abs(lat).toFixed(places)} ${lat < 0 ? "S" : "N"}`));
    }
    for (let lon = Math.ceil(west / lonStep) * lonStep; lon < east; lon += lonStep) {
      const x = X(lon * this.squeeze);
      out.push(s("path", { class: "grid", d: `M${x} 0V${t}` }), s("text", { class: "axis", x: x + 5, y: t - 10 }, `${Math.abs(lon).toFixed(places)} ${lon < 0 ? "W" : "E"}`));
    }
    return s("g", { "aria-hidden": "true" }, out);
  }

  rings(p) {
    const perKm = this.view.k / kmPerDegree;
    const sizes = [1, 2.5, 5, 10, 25, 50, 100, 250].filter((km) => km * perKm > 45 && km * perKm < 420).slice(-2);
    return s("g", { "aria-hidden": "true" }, sizes.map((km) => [s("circle", { class: "ringkm", cx: p.px, cy: p.py, r: km * perKm }), s("text", { class: "axis halo", x: p.px + km * perKm * 0.72, y: p.py + km * perKm * 0.76 }, `${km} km`)]));
  }

  edges(at, chosen) {
    const lines = [], labels = [];
    for (const [a, b, n] of this.page.edges) {
      const p = at.get(a), q = at.get(b);
      if (!p || !q) continue;
      const lit = chosen && (p.i === chosen.i || q.i === chosen.i);
      lines.push([lit ? 1 : 0, s("path", { class: lit ? "edge lit" : "edge", d: `M${p.px.toFixed(1)} ${p.py.toFixed(1)}L${q.px.toFixed(1)} ${q.py.toFixed(1)}`, "stroke-width": Math.max(0.8, 0.8 + 2.6 * Math.log10(n / 50)).toFixed(2) }, s("title", {}, `${p.n.name} and ${q.n.name}: ${count(n)} packets`))]);
      if (lit && Math.hypot(p.px - q.px, p.py - q.py) > 60) labels.push(s("text", { class: "halo", x: (p.px + q.px) / 2, y: (p.py + q.py) / 2 + 4, "text-anchor": "middle" }, count(n)));
    }
    lines.sort((x, y) => x[0] - y[0]);
    return s("g", { "aria-hidden": "true" }, lines.map((l) => l[1]), labels);
  }

  nodes(at, chosen, w, t) {
    const seen = [...at.values()].filter((p) => p.px > -20 && p.px < w + 20 && p.py > -20 && p.py < t + 20);
    const rank = (p) => (p === chosen || p.i === chosen?.i ? 0 : p.n.observer ? 1 : p.n.role === "repeater" ? 2 : 3);
    seen.sort((a, b) => rank(a) - rank(b));
    const taken = seen.map((p) => [p.px - 7, p.py - 7, p.px + 7, p.py + 7]), out = [];
    for (const p of seen) out.push(this.node(p, p.i === chosen?.i, this.label(p, rank(p), taken)));
    return s("g", {}, out.reverse());
  }

  /** label finds a place beside the node that nothing has, or hides the name. */
  label(p, rank, taken) {
    const text = p.n.name || p.n.key.slice(0, 4).toUpperCase(), wide = text.length * 6.2, gap = p.n.observer ? 14 : 10;
    for (const [x, y, anchor] of [[gap, 4, "start"], [-gap - wide, 4, "end"], [-wide / 2, -13, "middle"], [-wide / 2, 22, "middle"], [gap - 2, -8, "start"], [gap - 2, 17, "start"]]) {
      const box = [p.px + x, p.py + y - 10, p.px + x + wide, p.py + y + 3];
      if (taken.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1] && !(o[0] === p.px - 7 && o[1] === p.py - 7))) continue;
      taken.push(box);
      const tx = anchor === "middle" ? 0 : anchor === "end" ? -gap : x;
      return s("text", { class: rank < 3 ? "halo" : "halo soft", x: tx, y, "text-anchor": anchor }, text);
    }
    return null;
  }

  node(p, chosen, label) {
    const say = `${p.n.name || p.n.key.slice(0, 8)}, ${p.n.role}${p.n.observer ? ", observer" : ""}`;
    return s("g", { class: "node", transform: `translate(${p.px.toFixed(1)} ${p.py.toFixed(1)})`, role: "button", tabindex: 0, "aria-label": say, onclick: () => this.moved < 5 && this.pick(p.n.key), onkeydown: (e) => { if (e.key === "Enter") { e.stopPropagation(); this.pick(p.n.key); } } },
      s("circle", { r: 13, fill: "transparent" }), chosen && s("circle", { r: 15, fill: "var(--bg)", stroke: "var(--text)", "stroke-width": 1.6 }), p.n.observer && s("g", {}, s("rect", { x: -8.5, y: -8.5, width: 17, height: 17, rx: 2, fill: "var(--bg)" }), frameShape(p.n.observer)), shape(p.n.role), s("title", {}, say), label);
  }

  drawScale() {
    const perKm = this.view.k / kmPerDegree;
    const km = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((v) => v * perKm > 60) || 2000;
    const line = h("i");
    line.style.width = Math.round(km * perKm) + "px";
    put(this.scale, km < 1 ? `${km * 1000} m` : `${km} km`, line);
  }
}

function niceStep(v) {
  const p = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 4, 5, 10].find((m) => m * p >= v) * p;
}
