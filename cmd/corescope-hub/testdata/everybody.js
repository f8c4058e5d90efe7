// What a browser test asks a page about those who read it.

/** rgba is a colour of any notation as four numbers, 0 to 255 and 0 to 1. */
function rgba(colour) {
  const c = (window.__canvas ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true }));
  c.clearRect(0, 0, 1, 1);
  c.fillStyle = colour;
  c.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = c.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
function over(top, below) { return [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1); }
/** behind is the colour that an element's text stands on. */
function behind(el) {
  const layers = [];
  for (let e = el; e; e = e.parentElement) {
    const c = rgba(getComputedStyle(e).backgroundColor);
    layers.push(c);
    if (c[3] === 1) break;
  }
  return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
}
/** ratio is the contrast of two colours, as WCAG 2 defines it. */
function ratio(a, b) {
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
function seen(el) {
  const box = el.getBoundingClientRect();
  return el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 1 && box.height > 1 && !el.closest(".sr, .skip");
}
function nameOf(el) {
  const text = (el.getAttribute("aria-label") || el.textContent || el.id).replace(/\d+/g, "N"); // numbers change
  return `<${el.tagName.toLowerCase()} class="${el.getAttribute("class") || ""}"> ${JSON.stringify(text.trim().slice(0, 40))}`;
}

/** contrast lists all text with too little of it: level AA. */
function contrast() {
  const found = new Map();
  let looked = 0;
  const look = (el, colour, text) => {
    const style = getComputedStyle(el), size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5, back = behind(el), r = ratio(over(rgba(colour), back), back);
    looked++;
    if (r < least) found.set(`${el.tagName}.${el.getAttribute("class")}`, `contrast ${r.toFixed(2)} of ${JSON.stringify(text.trim().slice(0, 30))} in ${nameOf(el)}`);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const el = node.parentElement;
    if (!node.data.trim() || el.closest("script, noscript") || !seen(el)) continue;
    if (el.closest("[aria-hidden=true]") && node.data === "·") continue; // marks an empty place
    look(el, el instanceof SVGElement ? getComputedStyle(el).fill : getComputedStyle(el).color, node.data);
  }
  for (const el of document.querySelectorAll("input[placeholder]")) if (seen(el)) look(el, getComputedStyle(el, "::placeholder").color, el.placeholder);
  return looked < 6 ? [`only ${looked} texts were looked at`] : [...found.values()];
}

/** structure lists what a page lacks that is read aloud. */
function structure() {
  const all = [];
  const must = (ok, what) => { if (!ok) all.push(what); };
  must(document.documentElement.lang, "no language");
  must(document.querySelectorAll("h1").length === 1, `${document.querySelectorAll("h1").length} h1`);
  must(document.querySelectorAll("main").length === 1, "not one main");
  must(document.title.trim(), "no title");
  must(document.querySelector("a.skip[href='#main']"), "no link to skip to the content");
  for (const t of document.querySelectorAll("table")) {
    must(t.caption?.textContent, `a table without caption: ${nameOf(t)}`);
    must([...t.querySelectorAll("thead th:not([aria-hidden])")].every((h) => h.scope), `a header without scope in ${t.caption?.textContent}`);
  }
  for (const el of document.querySelectorAll("button, select, input")) {
    const box = el.getBoundingClientRect();
    if (seen(el) && !el.matches(".link") && box.height < 23.5) all.push(`only ${box.height.toFixed(0)} pixels high: ${nameOf(el)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  must(new Set(ids).size === ids.length, "an id is there twice");
  return all;
}

/** watchFocus notes where the focus goes, and whether it can be seen there. */
function watchFocus() {
  window.__focus = { reached: new Set(), unseen: [], again: false, first: null };
  document.activeElement?.blur();
  document.addEventListener("focusin", (e) => {
    const f = window.__focus, el = e.target, style = getComputedStyle(el), id = nameOf(el) + keyed(el);
    if (f.first === id && f.reached.size > 1) f.again = true;
    f.first ??= id;
    f.reached.add(id);
    if (!el.matches(".skip") && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) && !el.matches(":has(:focus-visible)")) f.unseen.push(`the focus cannot be seen on ${nameOf(el)}`);
  });
  return true;
}
/** keyed tells elements of the same name apart, by their order. */
function keyed(el) {
  const name = nameOf(el), same = [...document.querySelectorAll(el.tagName)].filter((e) => nameOf(e) === name);
  return same.indexOf(el);
}
function focusCameRound() { return window.__focus.again; }

/** unreached lists what can be clicked and not come to with Tab. Rows of packets
 * have keys of their own, and each row's control stands for the row. */
function unreached() {
  const f = window.__focus, all = [...new Set(f.unseen)];
  if (f.reached.size < 5) all.push(`Tab came to ${f.reached.size} controls only`);
  const controls = "a[href], button:not(:disabled), input, select, textarea, summary";
  for (const el of document.querySelectorAll("body *")) {
    if (!seen(el) || el.closest("[aria-hidden=true]")) continue;
    const clickable = el.matches(controls) || (getComputedStyle(el).cursor === "pointer" && getComputedStyle(el.parentElement).cursor !== "pointer");
    if (!clickable || el.closest(".list tr.p")) continue;
    const stands = el.matches(controls + ", [tabindex='0']") ? el : el.querySelector(controls) || el.closest(controls + ", [tabindex='0'], label");
    if (!stands) all.push(`no key comes to ${nameOf(el)}`);
    else if (stands.matches("label") ? false : !f.reached.has(nameOf(stands) + keyed(stands)) && !(stands.closest("[role=tablist]") && stands.tabIndex < 0)) all.push(`Tab does not come to ${nameOf(stands)}`);
  }
  return [...new Set(all)].slice(0, 8);
}
