// Live: packets as they are committed, newest first.

import { h, put, icon, iconButton, searchBox, clock, when, utc, count, snr, rssi, ask, later, inCoreScope } from "./dom.js";
import { groups, types, typeOf, typesOf, typeMark, from, content, path, snrCell, codes, matches, sentence, summary, heardBy, firstOf, step, after, earlier, longest } from "./rows.js";
import { hexFrame, frameOf, sizeWords, receptions } from "./frame.js";

const following = 500; // rows kept while new ones come
const most = 10000; // rows kept while somebody scrolls back
const mostColumns = 40; // observers that can be chosen; anybody may make them up
const phone = matchMedia("(max-width: 720px)"), narrow = matchMedia("(max-width: 900px)"), spacious = matchMedia("(min-width: 1750px)");

export function start(app, main) {
  app.wantsPackets = true;
  const live = new Live(app, main);
  live.put(app.data.packets);
  live.next = app.data.next;
  live.draw();
  live.readAddress();
  app.on("packets", (e) => live.came(e));
  app.on("vitals", (v) => live.counts(v.recent));
  live.counts(app.vitals.recent);
  return live;
}

/** set sets an attribute that may be what it is to be. */
function set(el, name, value) {
  if (el.getAttribute(name) !== String(value)) el.setAttribute(name, value);
}

class Live {
  constructor(app, main) {
    this.app = app;
    this.packets = []; // newest first
    this.byID = new Map();
    this.waiting = new Map(); // new ones, while paused
    this.made = new Map(); // rows on the page, by packet
    this.columns = codes(app.data.columns || []);
    this.paused = false;
    const q = app.query();
    this.filter = { q: q.get("q") || "", obs: q.get("obs") || "", ch: q.get("ch") || "", region: (q.get("region") || "").toUpperCase(), types: this.groupsIn(q.get("type")) };
    this.channels = new Set();
    this.build(main);
    Object.assign(app.keys, {
      " ": () => this.toggle(), j: () => this.move(1), k: () => this.move(-1), ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1),
      Enter: () => this.selected && this.open(this.selected, true), Escape: () => this.escape(),
      o: () => this.selected && (location.href = "/tx/" + this.selected.hash), e: () => this.toggleReceptions(),
      c: () => this.detail && app.copy(this.frame().hex),
    });
    for (const m of [phone, narrow, spacious]) m.addEventListener("change", () => this.rebuild());
    addEventListener("resize", later(60, () => this.draw()));
  }

  groupsIn(text) {
    const all = new Set();
    for (const word of (text || "").split(",")) if (types[word]) all.add(types[word][1]);
    return all;
  }

  build(main) {
    this.search = later(250, (v) => this.refilter({ q: v.trim() }));
    this.buttons = groups.map(([group, label]) => {
      const n = h("small");
      const b = h("button", { class: "type-b", type: "button", "aria-pressed": "true", title: `${label}: click turns it off and on, Alt-click shows it alone`, onclick: (e) => this.toggleType(group, e.altKey) },
        h("i", { class: `sw t-${group}`, "aria-hidden": "true" }), label, n);
      return { group, b, n };
    });
    this.obsSelect = h("select", { "aria-label": "Observer", onchange: () => this.refilter({ obs: this.obsSelect.value }) });
    this.chSelect = h("select", { "aria-label": "Channel", onchange: () => this.refilter({ ch: this.chSelect.value }) });
    this.pauseButton = h("button", { class: "button pause", type: "button", onclick: () => this.toggle() });
    this.said = h("span", { class: "said" });
    this.filters = h("div", { class: "filters", role: "search" },
      searchBox("Name, key, hash or text", this.filter.q, (v) => this.search(v)),
      h("button", { class: "button tofilter", type: "button", "aria-expanded": "false", onclick: (e) => e.currentTarget.setAttribute("aria-expanded", String(this.filters.classList.toggle("openf"))) }, "Filter"),
      h("fieldset", { class: "types" }, h("legend", { class: "sr" }, "Types"), this.buttons.map((t) => t.b)),
      this.obsSelect, this.chSelect, this.said, this.pauseButton);
    this.list = h("div", { class: "list", tabindex: 0, role: "region", "aria-label": "Packets, newest first", "aria-live": "off", onscroll: () => this.scrolled() });
    this.split = h("div", { class: "split" }, this.list);
    put(main, h("h1", { class: "sr" }, "Live"), this.filters, this.split);
    this.rebuild();
    this.showFilters();
    this.showPause();
  }

  // The frame of the list: a table, or cards on a phone.
  rebuild() {
    this.made.clear();
    this.expanded = null;
    this.height = phone.matches ? 100 : 30;
    this.limit = phone.matches ? 8 : narrow.matches ? 6 : 10;
    this.shown = this.columns.slice(0, this.limit);
    if (phone.matches) {
      this.head = h("div", { class: "names", "aria-hidden": "true" }, this.shown.map((c) => h("span", { class: c.state === "silent" ? "silent" : "" }, c.code)));
      this.body = h("div", { class: "cards-list" });
      put(this.list, this.head, this.body);
    } else this.table();
    this.top = this.space();
    this.bottom = this.space();
    this.draw();
  }

  space() {
    if (phone.matches) return h("div");
    return h("tr", { class: "space", "aria-hidden": "true" }, h("td", { colspan: this.across }));
  }

  table() {
    const wide = !this.pane, cell = wide ? 52 : 46;
    const col = (w, c) => { const el = h("col", c ? { class: c } : {}); if (w) el.style.width = w + "px"; return el; };
    const th = (text, c) => h("th", { scope: "col", rowspan: 1, class: c }, text);
    const n = this.shown.length;
    this.rest = this.columns.length > n;
    this.head = h("thead", {},
      h("tr", {}, h("th", { colspan: wide ? 7 : 5, "aria-hidden": "true" }), n > 0 && h("th", { scope: "colgroup", colspan: n }, n > 3 ? "Heard by, SNR in dB, underlined where heard first" : "SNR in dB"), h("th", { colspan: this.rest ? 2 : 1, "aria-hidden": "true" })),
      h("tr", {}, th("Time"), th("Type"), th("From"), th("Content"), th("Path", "c-path"), wide && th("Bytes", "num"), wide && th("Hash"),
        this.shown.map((c) => h("th", { scope: "col", class: c.state === "silent" ? "o silent" : "o", title: c.name + (c.state === "silent" ? ": silent" : ""), abbr: c.name }, c.state === "silent" ? "▲ " : "", c.code)),
        this.rest && h("th", { scope: "col", class: "o", title: "Heard by others" }, "+n"), h("th", { "aria-hidden": "true" })));
    this.across = 5 + (wide ? 2 : 0) + n + (this.rest ? 1 : 0) + 1;
    this.body = h("tbody");
    put(this.list, h("table", { class: "rows" }, h("caption", { class: "sr" }, "Packets"),
      h("colgroup", {}, col(98), col(118), col(124), col(), col(narrow.matches ? 0 : spacious.matches ? (wide ? 380 : 300) : wide ? 270 : 190, "c-path"), wide && col(64), wide && col(168), this.shown.map(() => col(cell)), this.rest && col(40), col(14)),
      this.head, this.body));
  }

  // Data.

  put(packets) {
    for (const p of packets) {
      const before = this.byID.get(p.id);
      if (before) Object.assign(before, p, { version: before.version + 1 });
      else {
        p.version = 0;
        this.byID.set(p.id, p);
        this.packets.push(p);
      }
      if (p.channel && typeOf(p)[1] === "channel" && this.channels.size < 60) this.channels.add(p.sealed ? "enc_" + p.channel : p.channel);
    }
    this.packets.sort((a, b) => b.id - a.id);
  }

  trim(n) {
    for (const p of this.packets.splice(n)) this.byID.delete(p.id);
    if (n === following && this.packets.length === n) this.next = String(this.packets[n - 1].id);
  }

  /** came takes an event of committed packets. */
  came(e) {
    if (e.more) return this.refetch();
    const fresh = [];
    let changed = false;
    for (const p of e.packets) {
      if (this.byID.has(p.id)) { this.put([p]); changed = true; continue; }
      if (!matches(p, this.filter)) continue;
      if (this.packets.length && p.id < this.packets[this.packets.length - 1].id) continue; // beyond the end of the list
      fresh.push(p);
    }
    for (const p of e.packets) for (const o of p.observations) this.meet(o);
    if (this.isPaused()) {
      for (const p of fresh) this.waiting.set(p.id, p);
      if (this.waiting.size > following) this.waiting.delete(this.waiting.keys().next().value);
    } else if (fresh.length) {
      this.put(fresh);
      for (const p of fresh) this.byID.get(p.id).fresh = Date.now();
      this.trim(following);
      changed = true;
    }
    this.showPause();
    if (changed) this.draw();
    if (this.detail && e.packets.some((p) => p.hash === this.detail.packet.hash)) this.load(this.detail.packet.hash);
  }

  /** meet gives an observer that is new a column while there is room. */
  meet(o) {
    if (!o.observer || this.columns.length >= mostColumns || this.columns.some((c) => c.id === o.observer)) return;
    this.columns.push({ id: o.observer, name: o.name, state: "connected" });
    codes(this.columns);
    if (this.shown.length < this.limit || !this.rest) this.rebuild();
    this.showFilters();
  }

  isPaused() { return this.paused || this.list.scrollTop > 8; }

  toggle() {
    if (this.isPaused()) this.resume();
    else { this.paused = new Date(); this.showPause(); }
  }

  resume() {
    this.paused = false;
    this.put([...this.waiting.values()]);
    const gap = this.waiting.size >= following;
    this.waiting.clear();
    this.list.scrollTop = 0;
    if (gap) return this.refetch();
    this.trim(following);
    this.showPause();
    this.draw();
  }

  showPause() {
    const n = this.waiting.size, paused = this.isPaused(), told = `${paused} ${n} ${this.paused}`;
    if (told === this.told) return;
    this.told = told;
    this.pauseButton.classList.toggle("primary", paused);
    put(this.pauseButton, icon(paused ? "play" : "pause", 14), paused ? (n ? `Resume, ${count(n)} new` : "Resume") : "Pause", h("kbd", { "aria-hidden": "true" }, "space"));
    if (paused) put(this.said, this.paused ? `Paused at ${clock(this.paused)}` : "Paused while scrolled");
    else this.counts(this.recent);
  }

  counts(recent) {
    this.recent = recent;
    if (!recent) return;
    for (const t of this.buttons) {
      let n = 0;
      for (const name of typesOf(t.group)) n += recent.types[name] || 0;
      t.n.textContent = count(n);
    }
    if (!this.isPaused()) this.said.textContent = `${count(recent.packets)} packets, ${count(recent.receptions)} receptions in 10 min`;
  }

  query(extra) {
    const f = this.filter, q = new URLSearchParams({ limit: "100", ...extra });
    if (f.types.size) q.set("type", [...f.types].flatMap(typesOf).join());
    if (f.q) q.set("q", f.q);
    if (f.obs) q.set("observer", f.obs);
    if (f.ch) q.set("channel", f.ch);
    if (f.region) q.set("region", f.region);
    return "/api/v1/packets?" + q;
  }

  async refilter(changes) {
    Object.assign(this.filter, changes);
    const f = this.filter;
    this.app.go({ q: f.q, obs: f.obs, ch: f.ch, type: f.types.size ? [...f.types].flatMap(typesOf).join() : "" });
    this.showFilters();
    await this.refetch();
  }

  async refetch() {
    const mine = (this.asked = {});
    try {
      const list = await ask(this.query());
      if (this.asked !== mine) return;
      this.packets = [];
      this.byID.clear();
      this.waiting.clear();
      this.made.clear();
      this.expanded = null;
      this.put(list.packets);
      this.next = list.next;
      this.list.scrollTop = 0;
      this.showFilters();
      this.showPause();
      this.draw();
    } catch (e) { this.app.toast(e.message); }
  }

  async older() {
    if (this.loading || !this.next || this.packets.length >= most) return;
    this.loading = true;
    try {
      const list = await ask(this.query({ cursor: this.next, limit: "100" }));
      this.put(list.packets);
      this.next = list.next;
      this.draw();
    } catch (e) { this.app.toast(e.message); this.next = null; }
    this.loading = false;
  }

  // Filters.

  toggleType(group, alone) {
    const all = groups.map((g) => g[0]);
    let on = this.filter.types.size ? new Set(this.filter.types) : new Set(all);
    if (alone) on = on.size === 1 && on.has(group) ? new Set(all) : new Set([group]);
    else if (on.has(group)) on.delete(group);
    else on.add(group);
    if (on.size === all.length || on.size === 0) on = new Set();
    this.refilter({ types: on });
  }

  showFilters() {
    const f = this.filter;
    for (const t of this.buttons) t.b.setAttribute("aria-pressed", String(!f.types.size || f.types.has(t.group)));
    const options = (select, all, list, value) => {
      put(select, h("option", { value: "" }, all), list.map(([v, text]) => h("option", { value: v }, text)));
      if (value && !list.some(([v]) => v === value)) select.append(h("option", { value }, value.slice(0, 16)));
      select.value = value;
    };
    options(this.obsSelect, "All observers", this.columns.map((c) => [c.id, c.name || c.id.slice(0, 8)]), f.obs);
    options(this.chSelect, "All channels", [...this.channels].sort().map((c) => [c, c.replace(/^enc_/, "Channel ")]), f.ch);
  }

  escape() {
    if (this.pane) return this.close();
    if (this.filter.q || this.filter.obs || this.filter.ch || this.filter.types.size) {
      document.getElementById("search").value = "";
      this.refilter({ q: "", obs: "", ch: "", types: new Set() });
    }
  }

  // Drawing: only what is in sight, and a little more.

  scrolled() {
    if (!this.drawing) this.drawing = requestAnimationFrame(() => { this.drawing = 0; this.draw(); this.showPause(); });
  }

  draw() {
    const hh = this.height, head = phone.matches ? 27 : 61, n = this.packets.length;
    const open = this.expanded ? this.packets.findIndex((p) => p.id === this.expanded.id) : -1;
    const extra = open >= 0 ? this.expanded.tall : 0;
    const y = this.list.scrollTop - head, view = this.list.clientHeight || innerHeight;
    const before = open >= 0 && y > (open + 1) * hh ? Math.min(extra, y - (open + 1) * hh) : 0;
    const a = Math.max(0, Math.floor((y - before) / hh) - 8), b = Math.min(n, Math.ceil((y - before + view) / hh) + 8);
    const rows = [], made = new Map();
    for (let i = a; i < b; i++) {
      const p = this.packets[i];
      let row = this.made.get(p.id);
      if (!row || row.version !== p.version) row = { version: p.version, el: phone.matches ? this.card(p) : this.row(p) };
      set(row.el, "aria-selected", p === this.selected);
      if (p.fresh) row.el.classList.toggle("fresh", Date.now() - p.fresh < 600);
      if (!phone.matches) set(row.el, "aria-rowindex", i + 3);
      made.set(p.id, row);
      rows.push(row.el);
      if (i === open) rows.push(this.expanded.el);
    }
    this.made = made;
    this.pad(this.top, a * hh + (open >= 0 && open < a ? extra : 0));
    this.pad(this.bottom, Math.max(0, n - b) * hh + (open >= b ? extra : 0));
    const want = [this.top, ...rows, this.bottom];
    if (!n) want.splice(1, 0, this.nothing());
    this.place(want);
    if (n && n - b < (y > 0 ? 60 : 1)) this.older(); // what is below is there before somebody scrolls to it
  }

  /** place puts rows in, and leaves those that are there where they are: a table that
   * is filled anew takes longer than a frame. */
  place(want) {
    const wanted = new Set(want);
    for (const el of [...this.body.children]) if (!wanted.has(el)) el.remove();
    let at = this.body.firstElementChild;
    for (const el of want) {
      if (el === at) at = at.nextElementSibling;
      else this.body.insertBefore(el, at);
    }
  }

  pad(el, px) {
    const on = phone.matches ? el : el.firstChild;
    if (el.px !== px) { on.style.height = px + "px"; el.px = px; }
  }

  nothing() {
    const text = this.loading ? "Looking further back" : "No packet fits these filters. Esc clears them; new packets that fit appear here.";
    if (this.next && !this.loading) queueMicrotask(() => this.older());
    return phone.matches ? h("div", { class: "older" }, text) : h("tr", {}, h("td", { class: "older", colspan: this.across }, text));
  }

  row(p) {
    const wide = !this.pane, at = new Date(p.firstSeen);
    const others = this.rest ? new Set(p.observations.map((o) => o.observer).filter((id) => !this.shown.some((c) => c.id === id))).size : 0;
    return h("tr", { class: "p", onclick: (e) => this.click(e, p) },
      h("td", { class: "time" }, h("time", { datetime: p.firstSeen, title: utc(at) }, when(at))),
      h("td", {}, typeMark(p)), h("td", { class: "clip" }, from(p)), h("td", { class: "content-cell clip" }, content(p)), h("td", { class: "c-path clip" }, path(p)),
      wide && h("td", { class: "num two" }, count(p.bytes)),
      wide && h("td", { class: "mono hash" }, h("a", { href: "/tx/" + p.hash, tabindex: -1, onclick: (e) => e.preventDefault() }, p.hash)),
      this.shown.map((c) => snrCell("td", p, c)),
      this.rest && h("td", { class: "o dim" }, others ? `+${others}` : ""), h("td"));
  }

  card(p) {
    const at = new Date(p.firstSeen);
    return h("div", { class: "pcard card-row", role: "button", tabindex: 0, onclick: (e) => this.click(e, p), onkeydown: (e) => { if (e.key === "Enter") this.open(p, true); } },
      h("div", { class: "top" }, typeMark(p), from(p), h("time", { class: "time", datetime: p.firstSeen }, clock(at))),
      h("div", { class: "content-cell" }, content(p)), h("div", {}, path(p)),
      h("div", { class: "slots" }, this.shown.map((c) => snrCell("div", p, c))));
  }

  // Selecting.

  click(e, p) {
    if (e.target.closest("a") && (e.ctrlKey || e.metaKey || e.button)) return;
    if (getSelection().toString()) return;
    if (this.selected === p && this.pane) return this.close();
    this.open(p);
  }

  move(by) {
    const i = this.packets.indexOf(this.selected);
    const p = this.packets[Math.max(0, Math.min(this.packets.length - 1, i + by))];
    if (!p) return;
    this.select(p);
    if (this.pane) this.open(p);
  }

  select(p) {
    this.selected = p;
    const i = this.packets.indexOf(p), y = i * this.height, view = this.list.clientHeight - 90;
    if (i >= 0) {
      if (y < this.list.scrollTop) this.list.scrollTop = i < 2 ? 0 : y;
      else if (y > this.list.scrollTop + view) this.list.scrollTop = y - view;
    }
    this.draw();
  }

  toggleReceptions() {
    const p = this.selected;
    if (!p || phone.matches) return;
    if (this.expanded?.id === p.id) this.expanded = null;
    else {
      const rows = [...p.observations].sort(earlier);
      const el = h("tr", { class: "x" }, h("td", { colspan: this.across }, h("table", { class: "heardlist" },
        h("thead", {}, h("tr", {}, ["Heard by", "After first", "SNR dB", "RSSI dBm", "Path"].map((t, i) => h("th", { scope: "col", class: i > 0 && i < 4 ? "num" : "" }, t)))),
        h("tbody", {}, rows.map((o) => h("tr", {}, h("td", {}, o.name || o.observer.slice(0, 8)), h("td", { class: "num" }, after(p, o)), h("td", { class: "num" }, snr(o.snr)), h("td", { class: "num" }, rssi(o.rssi)), h("td", {}, path(p, o, false))))))));
      this.expanded = { id: p.id, el, tall: 46 + 23 * rows.length };
    }
    this.draw();
    if (this.expanded) this.expanded.tall = this.expanded.el.getBoundingClientRect().height || this.expanded.tall;
  }

  // The pane.

  async readAddress() {
    const hash = this.app.query().get("tx");
    if (!hash) return;
    const p = this.packets.find((x) => x.hash === hash);
    if (p) return this.open(p);
    this.openPane();
    await this.load(hash);
  }

  openPane() {
    if (this.pane) return;
    this.pane = h("aside", { class: "pane slide", "aria-label": "Packet", tabindex: -1 });
    this.split.append(this.pane);
    this.rebuild();
  }

  async open(p, focus) {
    this.openPane();
    this.select(p);
    this.app.go({ tx: p.hash });
    await this.load(p.hash);
    if (focus) this.pane?.focus();
  }

  close() {
    this.pane?.remove();
    this.pane = this.detail = null;
    this.app.go({ tx: "" });
    this.rebuild();
    this.list.focus({ preventScroll: true });
  }

  async load(hash) {
    const mine = (this.wanted = hash);
    try {
      const d = await ask("/api/v1/packets/" + encodeURIComponent(hash));
      if (this.wanted !== mine || !this.pane) return;
      if (this.detail?.packet.hash !== hash) { this.as = null; this.pane.scrollTop = 0; }
      this.detail = d;
      this.drawPane();
    } catch (e) {
      if (this.pane) put(this.pane, h("header", {}, h("div", { class: "line1" }, h("span", { class: "icons" }, iconButton("close", "Close (Esc)", () => this.close()))), h("p", {}, e.message)));
    }
  }

  frame() { return frameOf(this.detail, this.as ?? longest(this.detail.packet)?.id); }

  drawPane() {
    const d = this.detail, p = d.packet, f = this.frame();
    const shown = this.as ?? longest(p)?.id, by = p.observations.find((o) => o.id === shown);
    const pick = (id) => { this.as = id; this.drawPane(); };
    put(this.pane,
      h("header", {},
        h("div", { class: "line1" }, typeMark(p), h("span", { class: "mono dim" }, p.hash),
          h("span", { class: "icons" }, iconButton("copy", "Copy the frame as hex (c)", () => this.app.copy(f.hex)),
            h("a", { class: "icon", href: "/tx/" + p.hash, "aria-label": "Full page (o)", title: "Full page (o)" }, icon("open")),
            iconButton("close", "Close (Esc)", () => this.close()))),
        h("h2", { class: "title" }, sentence(p)),
        h("p", { class: "sub" }, p.channel && !p.sealed ? `${p.channel} channel. ` : "", summary(p, this.app.vitals.known)), inCoreScope(this.app, "packets", p.hash)),
      f && h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Frame"), h("span", {}, sizeWords(f)), h("span", { class: "right" }, "as heard by ", h("b", {}, by?.name || by?.observer.slice(0, 8) || "unknown"))), hexFrame(f.parts[0])),
      f?.parts.slice(1).map((part) => h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Inside"), h("span", {}, part.title)), hexFrame(part))),
      h("section", {}, h("div", { class: "sect" }, h("h3", {}, "Receptions"), h("span", {}, p.observations.length)), receptions(p, shown, pick)));
  }
}
export { Live, heardBy, firstOf, step };
