// System: will it keep running, and could it be restored?

import { h, put, icon, bytes, size, count, span, when, date, day, hm, plural, ask, later } from "./dom.js";
import { lines } from "./charts.js";

export function start(app, main) {
  let d = app.data;
  const body = h("div", { class: "content" });
  put(main, body);
  const load = async () => {
    try { d = await ask("/api/console/system"); draw(); } catch { /* the last figures stay */ }
  };
  const left = () => d.growth?.daysLeft;
  // Charts are drawn as wide as they are shown, so that their text keeps its size.
  const half = (part) => Math.max(320, body.clientWidth > 1150 ? (body.clientWidth - 64) * part - 36 : body.clientWidth - 84);
  const days = (n) => (n > 3650 ? "more than ten years" : plural(Math.floor(n), "day"));

  function draw() {
    const bad = d.notReady.length;
    put(body, h("div", { class: "head" + (bad ? " state-warn" : "") }, h("div", {}, h("h1", {}, "System"), h("p", {}, bad ? d.notReady.join(". ") + "." : `Writing normally. ${left() ? `The disk lasts ${days(left())} at this week's growth.` : d.disk ? `${size(d.disk.freeBytes)} are free.` : ""}`)),
      backup()), figures(), h("div", { class: "sys2" }, storage(), commits()), h("div", { class: "sys3" }, config(), hub()));
  }

  function backup() {
    const busy = d.backup === "running";
    return h("form", { method: "post", action: "/api/console/backup", onsubmit: () => { app.toast("Making a copy of the database; the download starts when it is done", null, null, 8000); setTimeout(load, 1500); } },
      h("button", { class: "button primary", disabled: busy, title: "A consistent copy of the database, while everything goes on" }, busy ? "A backup is being made" : [icon("down", 15), "Download a backup"]));
  }

  const figure = (name, [big, unit], under) => h("div", {}, h("h3", {}, name), h("p", { class: "big" }, big, " ", h("small", {}, unit)), h("p", {}, under));
  const ms = (v) => [v >= 100 ? v.toFixed(0) : v.toFixed(1), "ms"];
  function figures() {
    const g = d.growth, up = (new Date(d.now) - new Date(d.started)) / 1000, upWords = span(up).split(" ");
    const perDay = g?.bytesPerDay ? bytes(g.bytesPerDay) : null;
    return h("section", { class: "card figures", "aria-label": "Figures" },
      figure("Database", bytes(d.databaseBytes), g ? `${count(g.PacketsToday)} packets in 24 hours` : ""),
      figure("Growth", perDay ? [perDay[0], perDay[1] + "/day"] : ["unknown", ""], perDay ? "median of the last 7 days" : "known after a day"),
      figure("Disk lasts", left() ? [left() > 3650 ? "10+" : left() > 720 ? (left() / 365).toFixed(1) : count(Math.floor(left())), left() > 720 ? "years" : "days"] : [d.packetDays ? "on" : "unknown", ""], d.disk ? `${bytes(d.disk.freeBytes)[0]} of ${size(d.disk.totalBytes)} free` : "the system does not tell"),
      d.commitP99Ms ? figure("Commit", ms(d.commitMedianMs), `median, 99 % under ${ms(d.commitP99Ms).join(" ")}`) : figure("Commit", ["none yet", ""], "known after the first packet"),
      figure("Write queue", [count(d.queue), d.queue === 1 ? "packet" : "packets"], `peak today ${count(d.queuePeak)} of ${count(d.queueMost)}`),
      figure("Uptime", [upWords[0], upWords.slice(1).join(" ")], d.notStored ? `${plural(d.notStored, "packet")} told to come again` : "0 packets lost since start"));
  }

  function storage() {
    const disk = d.disk, g = d.growth, parts = [];
    if (disk) parts.push(["u1", "Database", d.databaseBytes], ["u2", "Write-ahead log", d.walBytes], ["u3", "Other", Math.max(0, disk.totalBytes - disk.freeBytes - d.databaseBytes - d.walBytes)], ["u4", "Free", disk.freeBytes]);
    const bar = h("div", { class: "usage", "aria-hidden": "true" }, parts.map(([c, , n]) => { const i = h("i", { class: c }); i.style.flexGrow = String(n / disk.totalBytes); return i; }));
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Storage"), h("span", {}, d.database, disk ? `, ${size(disk.totalBytes)}` : "")), h("div", { class: "in" }, disk && [bar, h("div", { class: "ul" }, parts.map(([c, t, n]) => h("span", {}, h("i", { class: c }), t, h("b", {}, size(n)))))], growth(g),
      h("p", { class: "two", style: { marginTop: "10px" } }, d.packetDays ? `Packets are kept ${plural(d.packetDays, "day")}, so growth levels off.` : "Packets are kept for ever.", h("span", { class: "dim" }, " retention.packetDays says for how long."))));
  }

  function growth(g) {
    const all = g?.history || [], first = all.findIndex((v) => v > 0);
    if (first < 0 || all.length - first < 3) return h("p", { class: "dim" }, "The chart of the size begins when there are rows of two days.");
    const n = all.length - 1, [, unit] = bytes(Math.max(...all, d.databaseBytes)), by = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[unit];
    const points = all.map((v, i) => [i, v / by]), last = points[n][1], next = [[n, last], [n + 14, last + (14 * g.bytesPerDay) / by]], at = (i) => new Date(Date.now() + (i - n) * 864e5);
    return [h("h3", { style: { fontSize: "12px" } }, "Database size, 30 days and the next 14 at this rate"),
      lines([{ points, stroke: "var(--sdot)", fill: "var(--s3)" }, { points: next, stroke: "var(--sdot)", dash: "3 4" }], { w: half(1.25 / 2.25), tall: 165, unit: " " + unit, xlabels: [[0, day(at(0)), "start"], [n / 2, day(at(n / 2))], [n, "today"], [n + 14, day(at(n + 14)), "end"]], label: `Database size from ${bytes(all[0]).join(" ")} to ${bytes(all[n]).join(" ")} in 30 days` })];
  }

  function commits() {
    const all = d.commits.filter((m) => m.commits);
    const chart = all.length > 1 ? lines([{ points: all.map((m) => [+new Date(m.at), m.p99Ms]), stroke: "var(--text3)", width: 1.2 }, { points: all.map((m) => [+new Date(m.at), m.medianMs]), stroke: "var(--sdot)" }],
      { w: half(1 / 2.25), tall: 165, unit: " ms", xlabels: [[+new Date(all[0].at), hm(new Date(all[0].at)), "start"], [+new Date(all[all.length - 1].at), hm(new Date(all[all.length - 1].at)), "end"]], label: `Commit time in the last hour, median ${ms(d.commitMedianMs).join(" ")}` }) : h("p", { class: "dim" }, "The chart begins after two minutes with commits.");
    const per = d.batches / Math.max(1, (new Date(d.now) - new Date(d.started)) / 1000);
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Commit time"), h("span", {}, "last hour, one write per batch"), h("span", { class: "legend2" }, h("span", {}, h("i", { class: "l-med" }), "median"), h("span", {}, h("i", { class: "l-p99" }), "99 %"))),
      h("div", { class: "in" }, chart, h("dl", { class: "kv", style: { marginTop: "14px" } }, h("dt", {}, "Batches"), h("dd", {}, d.batches ? `${per.toFixed(1)} per second, ${(d.batchRecords / d.batches).toFixed(1)} records each on average` : "none yet"), h("dt", {}, "Write-ahead log"), h("dd", {}, size(d.walBytes)), h("dt", {}, "Packets stored"), h("dd", {}, d.growth ? `${count(d.growth.Packets)}, heard ${count(d.growth.Observations)} times` : "unknown"))));
  }

  let all = false;
  function config() {
    const changed = d.settings.filter((s) => s.changed), list = all ? d.settings : changed;
    const value = (v) => v.split(/("(?:[^"\\]|\\.)*")/).map((t) => (t === '"[redacted]"' ? h("span", { class: "hid" }, "hidden") : t.startsWith('"') ? h("span", { class: "str" }, t) : t));
    const pre = h("pre", {}, list.length ? list.map((x) => [h("span", { class: x.changed && all ? "chg" : "" }, x.path), " = ", value(x.value), x.changed ? h("span", { class: "cm" }, `   // default ${x.default}`) : "", "\n"]) : h("span", { class: "cm" }, "// every setting is at its default\n"));
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "Configuration"), h("span", {}, d.configFile || "no file", ", secrets hidden"), h("span", { class: "right acts2" }, h("button", { class: "quiet", type: "button", "aria-pressed": String(all), onclick: () => { all = !all; draw(); } }, all ? "Only what differs" : `Show all ${d.settings.length}`), h("button", { class: "quiet", type: "button", onclick: () => app.copy(pre.textContent) }, icon("copy"), "Copy"))),
      h("div", { class: "config", tabindex: 0, role: "region", "aria-label": "Settings" }, pre));
  }

  function hub() {
    const kv = [["Version", d.version], ["Schema", "CoreScope's"], ["Host", `${d.host}, ${d.platform}`], ["Memory", size(d.memoryBytes)], ["Started", `${date(new Date(d.started))}, ${hm(new Date(d.started))}`], ["Read by", "CoreScope's web server and this console"]];
    return h("section", { class: "card" }, h("header", {}, h("h2", {}, "This hub")), h("div", { class: "in" }, h("dl", { class: "kv" }, kv.map(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
      h("p", { class: "two", style: { marginTop: "14px" } }, "For programs: ", h("a", { href: "/metrics" }, "metrics"), ", ", h("a", { href: "/api/v1/openapi.json" }, "the API"), ", ", h("a", { href: "/readyz" }, "readiness"), ".")));
  }

  draw();
  addEventListener("resize", later(150, draw));
  app.every(10000, load);
  app.on("back", load);
}
export { when };
