// The page of the service: no framework, no build, nothing from elsewhere.

const $ = (id) => document.getElementById(id);
let token = sessionStorage.getItem("token") ?? "";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function say(text, isBad = false) {
  $("notice").textContent = text;
  $("notice").classList.toggle("bad", isBad);
}

async function ask(path, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (token) headers.Authorization = `Bearer ${token}`;
  const reply = await fetch(path, { ...options, headers });
  if (reply.status === 401) $("token-form").hidden = false;
  if (!reply.ok) {
    let text = `status ${reply.status}`;
    try { text = (await reply.json()).error ?? text; } catch { /* no JSON */ }
    throw new Error(text);
  }
  return reply;
}
const json = async (path, options) => (await ask(path, options)).json();

// Views

const views = ["analyse", "models", "training", "sessions"];
const entered = { models: showModels, training: showTickets, sessions: listSessions };
let timer = 0;

function show() {
  say("");
  const wanted = location.hash.slice(1).split("/")[0];
  const view = views.includes(wanted) ? wanted : "analyse";
  for (const name of views) {
    $(name).hidden = name !== view;
    const link = document.querySelector(`nav a[href="#${name}"]`);
    if (name === view) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  clearInterval(timer);
  if (view !== "sessions") leaveSession();
  entered[view]?.().catch((error) => say(error.message, true));
  if (view === "training") timer = setInterval(() => showTickets().catch(() => {}), 2000);
}
addEventListener("hashchange", show);

// Analyse

const units = { "1": "" };
const short = (x) => (x === null || x === undefined ? "unknown" : String(Number(Number(x).toPrecision(4))));
const chance = (p) => (p > 0.995 ? ">0.99" : p < 0.005 ? "<0.01" : p.toFixed(2));
const words = (name) => name.replaceAll("_", " ");
const main = {
  frame: ["dose", "disc_radius"], pacbed: ["thickness", "mistilt"], cbleed: ["beam_energy", "dimer_height"], sped: ["crystals"],
  "atom-tomography": ["atoms", "misfit"], "frame-scaling": ["thickness", "r_obs"],
};

function chosenFiles(files) {
  $("go").disabled = files.length === 0;
  if (files.length === 0) return;
  $("drop").querySelector("span").textContent =
    files.length === 1 ? files[0].name : `${files.length} frames`;
  describe(files[0]).catch(() => {});
}

async function describe(file) {
  const form = new FormData();
  form.append("file", file);
  raw(form);
  const told = await json("/api/v1/descriptions", { method: "POST", body: form });
  $("convergence-note").textContent = told.convergence_mrad
    ? `the file states ${short(told.convergence_mrad)} mrad` : "the file states none";
  say(`${told.file}: ${told.format}, ${told.width} × ${told.height}` + (told.frames > 1 ? `, ${told.frames} frames` : "")
    + (told.voltage_kv ? `, ${short(told.voltage_kv)} kV` : ""));
}

function raw(form) {
  const width = Number($("raw-width").value), height = Number($("raw-height").value);
  if (!width || !height) return;
  form.append("parameters", JSON.stringify({
    file_params: { typ: "raw", dtype: $("raw-type").value, width, height },
  }));
}

let dropped = null;
$("files").addEventListener("change", () => { dropped = null; chosenFiles($("files").files); });
for (const name of ["dragover", "dragenter"]) {
  $("drop").addEventListener(name, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) $("drop").addEventListener(name, () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  dropped = [...event.dataTransfer.files];
  chosenFiles(dropped);
});

$("analyse-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const files = [...(dropped ?? $("files").files)];
  $("go").disabled = true;
  let done = 0;
  for (const file of files) {
    say(`${file.name}: ${done} of ${files.length} analysed`);
    const item = element("li", {}, element("h3", {}, file.name), element("p", { class: "quiet" }, "is analysed …"));
    $("answers").prepend(item);
    try { item.replaceChildren(...answer(await analyse(file))); } catch (error) {
      item.replaceChildren(element("h3", {}, file.name), element("p", { class: "bad" }, error.message));
    }
    done += 1;
  }
  say(`${done} of ${files.length} analysed`);
  $("go").disabled = false;
});

async function analyse(file) {
  const form = new FormData();
  form.append("file", file);
  form.append("engine", $("engine").value);
  const settings = {};
  if ($("material").value) settings.model = $("material").value;
  if ($("convergence").value) settings.convergence_mrad = Number($("convergence").value);
  if (settings.model && $("engine").value === "auto") form.set("engine", "pacbed");
  if (Object.keys(settings).length) form.append("settings", JSON.stringify(settings));
  raw(form);
  return json("/api/v1/analyses?pictures=1", { method: "POST", body: form });
}

function answer(reply) {
  const result = reply.result;
  const verdict = element("span", { class: result.verdict }, words(result.verdict));
  const parts = [element("div", { class: "head" }, element("h3", {}, result.file),
    element("span", {}, `${result.engine} · `, verdict))];
  const first = (main[result.engine] ?? []).map((name) => result.values.find((v) => v.name === name)).filter(Boolean);
  for (const quantity of first) {
    const line = element("p", {}, element("span", { class: "value" }, short(quantity.value)),
      ` ${units[quantity.unit] ?? quantity.unit} `, element("span", { class: "quiet" }, words(quantity.name)));
    if (quantity.lo !== undefined) {
      line.append(element("span", { class: "interval" }, ` [${short(quantity.lo)} – ${short(quantity.hi)}]`));
    }
    if (quantity.probability !== undefined) line.append(element("span", { class: "quiet" }, ` p ${chance(quantity.probability)}`));
    const others = (quantity.alternatives ?? []).map((o) => `${short(o.value)} (${chance(o.probability)})`);
    if (others.length) line.append(element("span", { class: "doubtful" }, `, or ${others.join(", ")}`));
    parts.push(line);
  }
  if (result.reasons.length) {
    const list = element("ul", { class: "reasons" });
    for (const reason of result.reasons) list.append(element("li", {}, element("code", {}, reason.code), ` ${reason.text}`));
    parts.push(list);
  }
  const pictures = element("div", { class: "pictures" });
  for (const picture of reply.pictures) {
    pictures.append(element("img", { src: `data:image/png;base64,${picture.png}`, alt: words(picture.name), loading: "lazy" }));
  }
  parts.push(pictures);
  const table = element("tbody");
  for (const quantity of result.values) {
    table.append(element("tr", {}, element("th", { scope: "row" }, words(quantity.name)),
      element("td", { class: "number" }, short(quantity.value)), element("td", {}, units[quantity.unit] ?? quantity.unit),
      element("td", {}, quantity.lo === undefined ? "" : `${short(quantity.lo)} – ${short(quantity.hi)}`)));
  }
  parts.push(element("details", {}, element("summary", {}, "All values"),
    element("div", { class: "scroll" }, element("table", {}, table))));
  if (reply.sheet) {
    const link = element("a", { download: `${result.file}.sheet.png`, href: `data:image/png;base64,${reply.sheet}` }, "Validation sheet");
    parts.push(element("p", {}, link, element("span", { class: "quiet" }, ` · request ${reply.request}`)));
  }
  return parts;
}

// Models

async function showModels() {
  const { models } = await json("/api/v1/models");
  $("model-rows").replaceChildren(...models.map((model) => {
    const row = (model.validation ?? []).find?.((r) => r.of === "noise 0.1") ?? {};
    return element("tr", {}, element("th", { scope: "row" }, model.id), element("td", {}, model.summary),
      element("td", { class: "number" }, row.thickness_error_median_percent === undefined ? "" : `${short(row.thickness_error_median_percent)} %`),
      element("td", { class: "number" }, row.among_three === undefined ? "" : `${(100 * row.among_three).toFixed(1)} %`),
      element("td", {}, element("code", {}, model.sha256.slice(0, 12))));
  }));
}

// Training

async function showTickets() {
  const { tickets } = await json("/api/v1/tickets");
  const list = tickets.map((ticket) => {
    const item = element("li", { "data-id": ticket.id },
      element("div", { class: "head" }, element("h3", {}, ticket.model), element("span", { class: ticket.state === "failed" ? "failed" : "" }, words(ticket.state))),
      element("p", { class: "quiet" }, ticket.message + (ticket.minutes_left ? `, ${Math.ceil(ticket.minutes_left)} min left` : "")));
    if (ticket.state === "running" || ticket.state === "queued") {
      item.append(element("progress", { max: "100", value: String(ticket.percent), "aria-label": `${ticket.model}: ${ticket.percent} %` }));
      const button = element("button", { type: "button" }, "Cancel");
      button.addEventListener("click", () => json(`/api/v1/tickets/${ticket.id}`, { method: "DELETE" })
        .then(showTickets).catch((error) => say(error.message, true)));
      item.append(element("p", {}, button));
    }
    return item;
  });
  const focused = document.activeElement?.closest?.("#tickets li")?.dataset.id;
  $("tickets").replaceChildren(...list);
  if (focused) $("tickets").querySelector(`li[data-id="${focused}"] button`)?.focus();
}

$("train-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const request = {
    crystal: $("train-crystal").value, zone: $("train-zone").value.split(",").map(Number),
    voltage_kv: Number($("train-voltage").value), convergence_mrad: [Number($("train-from").value), Number($("train-to").value)],
    thickness_nm: [0, Number($("train-thickness").value)], steps: Number($("train-steps").value),
  };
  const cif = $("train-cif").files[0];
  if (cif) {
    request.cif = await cif.text();
    request.crystal = cif.name.replace(/\.cif$/i, "").replace(/[^A-Za-z0-9-]+/g, "-").replace(/^-+/, "") || "crystal";
  }
  try {
    const ticket = await json("/api/v1/tickets", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request),
    });
    say(`${ticket.model}: ticket ${ticket.id}`);
    await showTickets();
  } catch (error) { say(error.message, true); }
});

// Sessions: what a session's file says, as it says it.

let follower = null;
let current = null;

async function listSessions() {
  const { sessions } = await json("/api/v1/sessions");
  const wanted = decodeURIComponent(location.hash.split("/")[1] ?? "") || sessions[0]?.id;
  $("session").replaceChildren(...sessions.map((s) => {
    const option = element("option", { value: s.id }, s.id);
    option.selected = s.id === wanted;
    return option;
  }));
  if (!wanted) { say("no session yet: ewald watch DIR begins one"); return; }
  await enterSession(wanted);
}
$("session").addEventListener("change", () => { location.hash = `sessions/${encodeURIComponent($("session").value)}`; });

function leaveSession() { follower?.abort(); follower = null; current = null; }

async function enterSession(id) {
  leaveSession();
  current = id;
  $("session-view").hidden = false;
  await refreshSession(id);
  const control = new AbortController();
  follower = control;
  listen(id, control.signal).catch((error) => { if (!control.signal.aborted) say(error.message, true); });
}

async function refreshSession(id) {
  const told = await json(`/api/v1/sessions/${encodeURIComponent(id)}?rows=200`);
  if (current !== id) return;
  $("session-line").textContent = `${told.files} files, ${told.results} results, ${told.refused} refused`
    + (told.is_closed ? ", closed" : ", going on");
  $("alarms").replaceChildren(...told.alarms.filter((a) => !a.is_acknowledged).map((a) =>
    element("li", { class: a.has_ended ? "quiet" : "doubtful" }, element("code", {}, a.code), ` ${a.text}${a.has_ended ? " (over)" : ""}`)));
  $("session-rows").replaceChildren(...told.rows.map((row) => {
    const shown = (main[row.engine] ?? Object.keys(row.values ?? {}).slice(0, 1))
      .filter((name) => row.values?.[name]).map((name) => `${short(row.values[name].value)} ${units[row.values[name].unit] ?? row.values[name].unit}`);
    return element("tr", {}, element("td", { class: "number" }, String(row.file_id)), element("td", {}, row.name),
      element("td", {}, row.time.slice(11, 19)), element("td", {}, row.engine ?? row.state), element("td", {}, shown.join(" · ")),
      element("td", { class: row.verdict ?? "" }, words(row.verdict ?? "")), element("td", {}, (row.codes ?? []).join(" ") || (row.reason ?? "")));
  }));
  const newest = told.rows.find((row) => row.engine);
  if (newest) await showPicture(id, newest);
  drawTrend(told.rows);
}

let shownPicture = "";
async function showPicture(id, row) {
  if (shownPicture === `${id}/${row.file_id}`) return;
  shownPicture = `${id}/${row.file_id}`;
  $("newest-name").textContent = `${row.file_id} ${row.name}`;
  try {
    const reply = await ask(`/api/v1/sessions/${encodeURIComponent(id)}/files/${row.file_id}/picture`);
    const url = URL.createObjectURL(await reply.blob());
    URL.revokeObjectURL($("newest").src);
    $("newest").src = url;
    $("newest").alt = `The frame ${row.name}`;
    $("newest").hidden = false;
  } catch { $("newest").hidden = true; }
}

function drawTrend(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values ?? {})))];
  const before = $("trend-name").value;
  const wanted = names.includes(before) ? before : names.find((n) => Object.values(main).flat().includes(n)) ?? names[0];
  if ([...$("trend-name").options].map((o) => o.value).join() !== names.join()) {
    $("trend-name").replaceChildren(...names.map((name) => element("option", { value: name }, words(name))));
  }
  $("trend-name").value = wanted ?? "";
  $("trend-name").onchange = () => drawTrend(rows);
  const points = rows.filter((row) => row.values?.[wanted]).map((row) => [row.file_id, row.values[wanted].value]).reverse();
  const svg = $("trend");
  svg.replaceChildren();
  if (points.length === 0) return;
  const [x0, x1] = [points[0][0], points.at(-1)[0]];
  let [y0, y1] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  if (y0 === y1) { y0 -= 1; y1 += 1; }
  const px = (x) => 60 + 560 * (x1 === x0 ? 0.5 : (x - x0) / (x1 - x0)), py = (y) => 190 - 170 * (y - y0) / (y1 - y0);
  const add = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    svg.append(made);
  };
  add("line", { class: "axis", x1: 60, x2: 620, y1: 190, y2: 190 });
  add("line", { class: "axis", x1: 60, x2: 60, y1: 20, y2: 190 });
  for (const y of [y0, y1]) add("text", { x: 54, y: py(y) + 4, "text-anchor": "end" }, short(y));
  add("text", { x: 60, y: 208 }, String(x0));
  add("text", { x: 620, y: 208, "text-anchor": "end" }, String(x1));
  add("polyline", { class: "line", points: points.map((p) => `${px(p[0])},${py(p[1])}`).join(" ") });
  for (const p of points) add("circle", { class: "dot", cx: px(p[0]), cy: py(p[1]), r: 2 });
  svg.setAttribute("aria-label", `${words(wanted)} of frames ${x0} to ${x1}, from ${short(y0)} to ${short(y1)}`);
}

// Events over fetch: an EventSource cannot carry a token. A line that comes makes the view look again, at most once a second.
async function listen(id, signal) {
  while (!signal.aborted) {
    try {
      const reply = await ask(`/api/v1/sessions/${encodeURIComponent(id)}/events?from=newest`, { signal });
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      let due = 0;
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        if (value.includes("data:") && !due) {
          due = setTimeout(() => { due = 0; refreshSession(id).catch(() => {}); }, 1000);
        }
      }
    } catch (error) { if (signal.aborted) return; say(`the session's lines stopped: ${error.message}`, true); }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

// Beginning

async function begin() {
  const told = await json("/api/v1");
  $("version").textContent = `Ewald ${told.version}`;
  $("token-form").hidden = !told.needs_token;
  $("train-crystal").replaceChildren(...told.crystals.map((name) => element("option", {}, name)));
  if (told.needs_token && !token) { say("a token is needed"); return; }
  const { engines } = await json("/api/v1/engines");
  $("engine").replaceChildren(element("option", { value: "auto" }, "auto"),
    ...engines.map((engine) => element("option", { value: engine.name }, engine.name)));
  const { models } = await json("/api/v1/models");
  $("material").replaceChildren(element("option", { value: "" }, "as the engine finds"),
    ...models.filter((m) => m.engine === "pacbed").map((m) => element("option", { value: m.id }, `${m.id}: ${m.summary}`)));
}
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  sessionStorage.setItem("token", token);
  begin().then(() => { show(); say("token accepted"); }).catch((error) => say(error.message, true));
});
begin().catch((error) => say(error.message, true));
show();
