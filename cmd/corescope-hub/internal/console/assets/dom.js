// Building elements and setting values. Text from the air only ever becomes
// text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(el, props, kids) {
  for (const [k, v] of Object.entries(props || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else if (k === "style") Object.assign(el.style, v);
    else if (k === "data") Object.assign(el.dataset, v);
    else if (k === "value" || k === "checked") el[k] = v;
    else el.setAttribute(k, v === true ? "" : v);
  }
  add(el, kids);
  return el;
}

function add(el, kids) {
  for (const kid of kids) {
    if (kid === undefined || kid === null || kid === false) continue;
    if (Array.isArray(kid)) add(el, kid);
    else el.append(kid instanceof Node ? kid : document.createTextNode(String(kid)));
  }
}

/** h makes an HTML element. */
export const h = (tag, props, ...kids) => fill(document.createElement(tag), props, kids);

/** s makes an SVG element. */
export const s = (tag, props, ...kids) => fill(document.createElementNS(SVG, tag), props, kids);

/** put replaces what is in an element. */
export function put(el, ...kids) {
  const f = document.createDocumentFragment();
  add(f, kids);
  el.replaceChildren(f);
  return el;
}

const controls = "a[href], button, input, select, textarea, summary, [tabindex]";

/** redraw runs f, which replaces what is in an element, and gives the focus back
 * to the control that had it: a page that is up to date must not lose its reader. */
export function redraw(el, f) {
  const all = () => [...el.querySelectorAll(controls)], was = document.activeElement;
  const at = was && el.contains(was) ? all().indexOf(was) : -1, called = at < 0 ? "" : label(was);
  f();
  if (at < 0 || el.contains(was)) return;
  const same = all().map((x, i) => [x, Math.abs(i - at)]).filter(([x]) => label(x) === called).sort((a, b) => a[1] - b[1])[0];
  same?.[0].focus({ preventScroll: true });
}
const label = (x) => x.tagName + (x.getAttribute("aria-label") || x.value || x.textContent);

/** prose is text in which what stands between backticks is for typing. */
export const prose = (text) => text.split("`").map((t, i) => (i % 2 ? h("code", {}, t) : t));

export const minus = (text) => String(text).replace("-", "\u2212");

const grouped = new Intl.NumberFormat("en-GB");
export const count = (n) => grouped.format(n);
export const snr = (v) => (v === null || v === undefined ? "" : minus(v.toFixed(1)));
export const rssi = (v) => (v === null || v === undefined ? "" : minus(Math.round(v)));
export const plural = (n, thing) => `${count(n)} ${thing}${n === 1 ? "" : "s"}`;

const two = (n) => String(n).padStart(2, "0");
export const clock = (d) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
export const hm = (d) => `${two(d.getHours())}:${two(d.getMinutes())}`;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const day = (d) => `${d.getDate()} ${months[d.getMonth()]}`;
export const date = (d) => `${day(d)} ${d.getFullYear()}`;
const sameDay = (a, b) => a.toDateString() === b.toDateString();

/** when is a time as it is told: clock the same day, else the date with it. */
export const when = (d) => (sameDay(d, new Date()) ? clock(d) : `${day(d)}, ${hm(d)}`);
export const utc = (d) => d.toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");

/** span is a length of time in words: 4 s, 3 min, 2 h 14 min, 3 d 4 h. */
export function span(seconds) {
  const v = Math.max(0, Math.round(seconds));
  if (v < 60) return `${v} s`;
  if (v < 3600) return `${Math.floor(v / 60)} min`;
  const hours = Math.floor(v / 3600), min = Math.floor((v % 3600) / 60);
  if (hours < 24) return min ? `${hours} h ${min} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 10 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** ago is relative under an hour, else a time. */
export function ago(text, now = Date.now()) {
  if (!text) return "never";
  const d = new Date(text), past = (now - d) / 1000;
  if (past < -2) return `in ${span(-past)}`;
  return past < 3600 ? span(past) : past < 86400 ? hm(d) : day(d);
}

/** bytes is a size with its unit apart: [2.41, "GB"]. */
export function bytes(n) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) n /= 1000, i++;
  return [i === 0 ? String(n) : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2), units[i]];
}
export const size = (n) => bytes(n).join(" ");

/** mark is the shape of a state: circle, triangle, square or ring. */
export function mark(kind) {
  const shape = {
    ok: () => s("circle", { cx: 5, cy: 5, r: 4, fill: "currentColor" }),
    warn: () => s("path", { d: "M5 .8 9.600 9H.4z", fill: "currentColor" }),
    bad: () => s("rect", { x: 1, y: 1, width: 8, height: 8, fill: "currentColor" }),
    off: () => s("circle", { cx: 5, cy: 5, r: 3.2, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }),
  }[kind];
  return s("svg", { viewBox: "0 0 10 10", width: 10, height: 10, "aria-hidden": "true" }, shape());
}
export const state = (kind, ...words) => h("span", { class: `state ${kind}` }, mark(kind), ...words);

const icons = {
  copy: "M7 7h9v9H7zM13 7V4H4v9h3", open: "M9 5H4v11h11v-5M11 4h5v5M16 4l-7 7", close: "M5 5l10 10M15 5L5 15",
  search: "M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM13 13l4 4", lock: "M5 9h10v7H5zM7 9V7a3 3 0 0 1 6 0v2",
  pause: "M7 4v12M13 4v12", play: "M6 4l10 6-10 6z", warn: "M10 3 18 16.500H2zM10 8v4M10 14v.5",
  sun: "M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 1.500v2M10 16.500v2M1.500 10h2M16.500 10h2M4 4l1.400 1.400M14.600 14.600 16 16M16 4l-1.400 1.400M5.400 14.600 4 16",
  moon: "M16 12.500A6.500 6.500 0 0 1 7.500 4a6.500 6.500 0 1 0 8.500 8.500z", down: "M10 3v10M6 9.500l4 4 4-4M4 17h12", plus: "M10 4v12M4 10h12", less: "M4 10h12",
  in: "M15 5 6 14M6 8v6h6", out: "M5 15 14 6M8 6h6v6",
};
export const icon = (name, px = 16) =>
  s("svg", { viewBox: "0 0 20 20", width: px, height: px, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
    s("path", { d: icons[name] }));

export const iconButton = (name, label, onclick, extra) =>
  h("button", { class: "icon", type: "button", "aria-label": label, title: label, onclick, ...extra }, icon(name));

/** inCoreScope is a link to CoreScope's page of a packet or node; nothing while nobody said where it is. */
export const inCoreScope = (app, page, id) => app.coreScope &&
  h("p", { class: "sub" }, h("a", { href: `${app.coreScope}/#/${page}/${encodeURIComponent(id)}`, target: "_blank", rel: "noopener noreferrer" }, "Open in CoreScope"));

export function searchBox(placeholder, value, oninput) {
  const input = h("input", { type: "search", id: "search", placeholder, value: value || "", autocomplete: "off", spellcheck: "false", "aria-label": placeholder, oninput: () => oninput(input.value) });
  return h("label", { class: "search" }, icon("search"), input, h("kbd", { "aria-hidden": "true" }, "/"));
}

/** ask gets JSON. */
export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    const text = await answer.text();
    let said = text;
    try { said = JSON.parse(text).error || text; } catch { /* it is plain text */ }
    throw new Error(said.trim());
  }
  return answer.json();
}

/** later runs f once, some time after the last call. */
export function later(ms, f) {
  let timer;
  return (...args) => { clearTimeout(timer); timer = setTimeout(() => f(...args), ms); };
}

export const short = (key) => key.slice(0, 4).toUpperCase();
