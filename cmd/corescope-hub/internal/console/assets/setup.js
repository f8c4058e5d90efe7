// The page of a hub that has no packet yet. It turns into Live by itself.

import { h, put, icon, state, size, ask } from "./dom.js";

export function start(app, main) {
  app.wantsPackets = true;
  app.on("packets", (e) => { if (e.packets.length || e.more) location.reload(); });
  let d = app.data, kind = "toml", iata = localStorage.getItem("iata") || "SEA";
  const left = h("div"), right = h("aside", { "aria-label": "Checklist" });
  put(main, h("div", { class: "setup" }, h("h1", {}, "This hub is ready. Point an observer at it."), h("p", { class: "lead" }, "An observer is a MeshCore node that reports every packet it hears. Give it the settings below and its first packet appears here."), left, right));

  const plain = () => d.listeners.find((l) => l.name.startsWith("tcp://")) || d.listeners[0];
  const port = (l) => (l?.address || "").replace(/.*:/, "");
  const secure = (l) => /^(tls|wss)/.test(l?.name || "");
  const kinds = {
    toml: ["meshcoretomqtt", "For a repeater on a USB cable.", "/etc/mctomqtt/config.d/99-user.toml", "sudo systemctl restart mctomqtt"],
    capture: ["packet-capture", "For a companion on USB, Bluetooth or TCP.", "/etc/meshcore-packet-capture/config.d/99-user.toml", "sudo systemctl restart meshcore-packet-capture"],
    firmware: ["Observer firmware", "For boards that publish over Wi-Fi by themselves; on their console.", "serial console", null],
    other: ["Something else", "Any MQTT client that sends the frames it hears.", "shell", null],
  };

  function block() {
    const host = d.host || location.hostname, l = plain(), p = port(l);
    if (kind === "firmware") return `set mqtt.iata ${iata}\nset mqtt1.preset custom\nset mqtt1.server ${host}\nset mqtt1.port ${p}\nreboot\n`;
    if (kind === "other") return `mosquitto_pub -q 1 -h ${host} -p ${p} -t meshcore/${iata}/PUBLIC_KEY/packets -m '{"origin":"NAME","raw":"FRAME_IN_HEX","SNR":"-7","RSSI":"-103"}'\n`;
    return `[general]\niata = "${iata}"\n\n[[broker]]\nname      = "corescope-hub"\nenabled   = true\nserver    = "${host}"\nport      = ${p}\ntransport = "tcp"\n\n[broker.tls]\nenabled   = ${secure(l)}\n\n[broker.auth]\nmethod    = "none"\n`;
  }
  const colour = (text) => text.split(/("[^"]*")/).map((t) => (t.startsWith('"') ? h("span", { class: "str" }, t) : t));
  const code = (title, text) => h("div", { class: "code" }, h("header", {}, h("span", { class: "mono two" }, title), h("button", { class: "button", type: "button", onclick: () => app.copy(text) }, icon("copy"), "Copy")), h("pre", { tabindex: 0 }, colour(text)));
  const step = (n, title, ...kids) => h("section", { class: "step" }, h("span", { class: "n", "aria-hidden": "true" }, n), h("div", {}, h("h2", {}, title), kids));

  function draw() {
    const [, say, file, restart] = kinds[kind];
    const input = h("input", { value: iata, maxlength: 3, "aria-label": "Region", spellcheck: "false", onchange: () => { iata = input.value.toUpperCase().replace(/[^A-Z]/g, "").slice(0, 3) || "SEA"; localStorage.setItem("iata", iata); draw(); } });
    put(left,
      step(1, "Choose how your node reports", h("div", { class: "kinds", role: "tablist" }, Object.entries(kinds).map(([k, [label]]) => h("button", { type: "button", role: "tab", "aria-selected": String(k === kind), onclick: () => { kind = k; draw(); } }, label))),
        h("div", { class: "say" }, say, " Region ", input, " is filled in below; use your nearest airport code.")),
      step(2, "Paste these settings", code(file, block()), !d.open && h("p", { class: "hint", style: { marginTop: "8px" } }, "This hub wants a login: make a user with corescope-hub passwd, and give its name and password with method \"password\".")),
      restart ? step(3, "Restart the uploader", code("shell", restart + "\n")) : step(3, kind === "firmware" ? "It restarts by itself" : "Send one"));
  }

  function checks() {
    const row = (kind2, text, more) => h("li", {}, state(kind2, h("span", { style: { color: "var(--text)" } }, text)), h("span", {}, more));
    const names = { tcp: "MQTT", tls: "MQTT over TLS", ws: "WebSocket", wss: "WebSocket over TLS", console: "WebSocket" };
    const ready = !d.notReady.length, has = (s) => d.listeners.some((l) => l.name.startsWith(s));
    put(right, h("section", { class: "card" }, h("header", {}, h("h2", {}, "Waiting for the first packet")), h("ul", { class: "checks" },
      d.listeners.map((l) => row(l.address ? "ok" : "bad", `${names[l.name.split(":")[0]] || l.name} ${l.address ? "open" : "not open"}`, (l.address || l.name).replace(/^(\[::\]|0\.0\.0\.0)/, d.host || "every address"))),
      !has("tls") && !has("wss") && row("off", "TLS not set up", "Only needed across the internet"),
      row(ready ? "ok" : "bad", ready ? "Database ready" : "Database not ready", ready ? (d.disk ? `${size(d.disk.freeBytes)} free` : "") : d.notReady[0]),
      row(d.connected ? "ok" : "off", "Observer connected", d.connected || "None yet"), row("off", "Packet received", "None yet"))),
    d.refused > 0 && h("section", { class: "card" }, h("header", {}, h("h2", {}, "Someone tried to connect")), h("div", { class: "in" }, h("p", {}, state("bad", "Login refused"), ` ${d.refused} ${d.refused === 1 ? "time" : "times"}`), h("p", { class: "two" }, "The login sent is not one of this hub's, or came from outside the local network. Paste the block again and restart the uploader."))),
    h("p", { class: "two" }, "Moving from CoreScope? Start the hub beside its config.json, or name it with -config: database and settings work unchanged."));
  }
  const load = async () => {
    try { d = await ask("/api/console/setup"); checks(); } catch { /* the last ones stay */ }
  };
  draw();
  checks();
  app.every(2000, load);
  app.on("back", load);
}
