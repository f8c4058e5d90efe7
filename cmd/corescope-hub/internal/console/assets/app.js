// What every page has: the bar, alerts, theme, keys, and the stream of events.

import { h, s, put, icon, clock, count, prose } from "./dom.js";

const first = JSON.parse(document.getElementById("state").textContent);
const listeners = { packets: [], vitals: [], back: [] };
const tell = (what, v) => listeners[what].forEach((f) => f(v));
const $ = (id) => document.getElementById(id);

export const app = {
  page: first.page, host: first.host, coreScope: first.coreScope, data: first.data, cursor: first.cursor, vitals: first.vitals,
  wantsPackets: false,
  keys: {},
  on(what, f) { listeners[what].push(f); },
  query() { return new URLSearchParams(location.search); },
  /** go changes the query of this page's address. */
  go(changes, path) {
    const q = app.query();
    for (const [k, v] of Object.entries(changes)) v ? q.set(k, v) : q.delete(k);
    const text = q.toString();
    history.replaceState(null, "", (path || location.pathname) + (text ? "?" + text : ""));
  },
  toast(text, label, act, ms = 5000) {
    const gone = () => el.remove();
    const el = h("div", { class: "toast" }, text, label && h("button", { class: "link", type: "button", onclick: () => { gone(); act(); } }, label));
    $("toasts").append(el);
    setTimeout(gone, ms);
  },
  async copy(text) {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else byHand(text); // pages over plain HTTP have no clipboard
      app.toast("Copied");
    } catch { app.toast("The browser does not let this page copy"); }
  },
  /** every calls f now and then, while the page is seen. */
  every(ms, f) { setInterval(() => { if (!document.hidden) f(); }, ms); },
};

function byHand(text) {
  const area = h("textarea", { class: "sr", value: text, "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("no copy");
}

// Theme: the system's, until the button says otherwise.
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
function showTheme() { put($("theme"), icon(theme() === "dark" ? "sun" : "moon", 18)); }
function otherTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem("theme", next); } catch { /* for this page only */ }
  showTheme();
}
$("theme").addEventListener("click", otherTheme);
dark.addEventListener("change", showTheme);
showTheme();

// The bar.
const pulse = $("pulse");
const beats = Array.from({ length: 60 }, (_, i) => pulse.appendChild(s("rect", { x: i * 2, width: 1.2, fill: "currentColor" })));
pulse.setAttribute("viewBox", "0 0 120 18");
pulse.setAttribute("preserveAspectRatio", "none");

function showVitals(v) {
  $("vital").classList.remove("wait");
  const most = Math.max(4, ...v.pulse);
  v.pulse.forEach((n, i) => {
    const tall = n ? Math.max(2, (n / most) * 17) : 1;
    beats[i].setAttribute("y", 18 - tall);
    beats[i].setAttribute("height", tall);
  });
  set($("v-rate"), count(v.rate));
  set($("v-connected"), v.connected);
  set($("v-known"), v.known);
  $("v-disk").hidden = v.daysLeft === null;
  if (v.daysLeft !== null) set($("v-days"), v.daysLeft > 999 ? "999+ days" : `${Math.floor(v.daysLeft)} ${Math.floor(v.daysLeft) === 1 ? "day" : "days"}`);
  for (const tab of document.querySelectorAll("[data-tab]")) {
    const n = v.problems[tab.dataset.tab] || 0, badge = tab.querySelector(".badge");
    badge.hidden = !n;
    set(badge, n);
  }
  showAlerts(v.alerts);
  const problems = v.alerts.length, title = document.title.replace(/^\(\d+\) /, "");
  document.title = problems ? `(${problems}) ${title}` : title;
}
function set(el, text) { if (el.textContent !== String(text)) el.textContent = text; }

// The alert strip.
let shown = "", allShown = false;
const hidden = new Set(JSON.parse(sessionStorage.getItem("hidden") || "[]"));
function hide(a) {
  hidden.add(a.id);
  sessionStorage.setItem("hidden", JSON.stringify([...hidden].slice(-50)));
  shown = "";
  showAlerts(app.vitals.alerts);
}
function showAlerts(alerts) {
  for (const id of hidden) if (!alerts.some((a) => a.id === id)) hidden.delete(id);
  const open = alerts.filter((a) => !hidden.has(a.id)), strip = $("strip");
  const key = JSON.stringify([open, allShown]);
  if (key === shown) return;
  shown = key;
  strip.hidden = !open.length;
  if (!open.length) return put(strip);
  const [a, ...rest] = open;
  strip.className = "strip" + (a.bad ? " bad" : "");
  strip.setAttribute("role", a.bad && a.page === "system" ? "alert" : "status");
  put(strip, icon("warn", 18), h("p", {}, h("b", {}, a.fact), " ", prose(a.text)),
    h("div", { class: "acts" },
      rest.length > 0 && h("button", { class: "link", type: "button", "aria-expanded": String(allShown), onclick: () => { allShown = !allShown; showAlerts(app.vitals.alerts); } }, `${rest.length} more`),
      h("a", { href: a.link }, a.name),
      h("button", { class: "icon", type: "button", "aria-label": "Hide this alert until it changes", title: "Hide until it changes", onclick: () => hide(a) }, icon("close", 14))));
  if (allShown && rest.length) {
    strip.style.flexWrap = "wrap";
    strip.append(h("ul", {}, rest.map((r) => h("li", {}, h("b", {}, r.fact), " ", prose(r.text), " ", h("a", { href: r.link }, r.name)))));
  }
}

setInterval(() => set($("v-clock"), clock(new Date())), 1000);
set($("v-clock"), clock(new Date()));

// The stream. A browser that comes back tells the id of the last event it had.
let source, last = first.cursor, retry, lostAt = 0, asleep;
function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(`/api/events?after=${last}${app.wantsPackets ? "&packets=1" : ""}`);
  source.addEventListener("open", back);
  source.addEventListener("vitals", (e) => {
    app.vitals = JSON.parse(e.data);
    showVitals(app.vitals);
    tell("vitals", app.vitals);
  });
  source.addEventListener("packets", (e) => {
    last = e.lastEventId || last;
    tell("packets", JSON.parse(e.data));
  });
  source.addEventListener("error", () => {
    if (!lostAt) lostAt = Date.now();
    lost();
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, 4000);
  });
}
function lost() {
  $("vital").classList.add("lost");
  set($("v-lost"), `Page lost the hub at ${clock(new Date(lostAt))}, retrying`);
}
function back() {
  $("vital").classList.remove("lost");
  set($("v-lost"), "");
  if (lostAt) tell("back");
  lostAt = 0;
}
document.addEventListener("visibilitychange", () => {
  clearTimeout(asleep);
  if (document.hidden) asleep = setTimeout(() => { source?.close(); source = null; }, 60000);
  else if (!source || source.readyState === EventSource.CLOSED) { connect(); tell("back"); }
});
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (e) => { if (e.persisted) connect(); });

// Keys. Off while somebody types.
const help = {
  "1 – 5": "pages", "/": "search", "Space": "pause", "j k": "next and previous row", "Enter": "open", "o": "full page",
  "e": "receptions", "Esc": "close or clear", "c": "copy hex", "t": "theme", "?": "this list",
};
let dialog;
function showHelp() {
  dialog ??= document.body.appendChild(h("dialog", { "aria-label": "Keys" }, h("h2", {}, "Keys"),
    h("dl", {}, Object.entries(help).map(([k, v]) => [h("dt", {}, h("kbd", {}, k)), h("dd", {}, v)])),
    h("form", { method: "dialog" }, h("button", { class: "button" }, "Close"))));
  if (!dialog.open) dialog.showModal();
}
addEventListener("keydown", (e) => {
  const typing = e.target.matches("input, textarea, select");
  if (e.key === "Escape" && typing) return e.target.blur();
  if (typing || e.ctrlKey || e.metaKey || e.altKey || dialog?.open) return;
  if ((e.key === " " || e.key === "Enter") && e.target.matches("button, a, summary, [role=button]")) return;
  const pages = ["/", "/observers", "/nodes", "/sources", "/system"];
  const act = { "?": showHelp, t: otherTheme, "/": () => $("search")?.focus(), ...app.keys }[e.key]
    || (pages[e.key - 1] && (() => { location.href = pages[e.key - 1]; }));
  if (act) { e.preventDefault(); act(e); }
});

showVitals(app.vitals);
// The bar is painted first: a slow machine takes a moment to build the rest.
if (!document.hidden) await new Promise((painted) => { requestAnimationFrame(() => setTimeout(painted)); setTimeout(painted, 100); });
const page = await import(`./${app.page}.js`);
await page.start(app, $("main"));
connect();
document.body.dataset.ready = "yes";
