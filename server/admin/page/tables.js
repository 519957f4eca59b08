const set = (id, text) => document.getElementById(id).textContent = text;

// setFigure shows a figure, with its unit in small.
function setFigure(id, figure, ...more) {
  const [value, unit] = figure.split(space);
  document.getElementById(id).replaceChildren(value, ...(unit ? [make("small", {}, space + unit)] : []), ...more);
}

const setRows = (id, rows) => document.querySelector(`#${id} tbody`).replaceChildren(...rows);
const row = (name, ...cells) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map(c => make("td", {}, c)));

// bar shows shares of one.
function bar(shares) {
  const parts = shares.map(([share, color]) => {
    const part = make("i", { class: color });
    part.style.width = 100 * Math.min(1, share || 0) + "%";
    return part;
  });
  return make("div", { class: "bar", "aria-hidden": true }, ...parts);
}

function showHeader({ state, model, program, started, addresses, io }) {
  const name = model ? model.name : "disrust";
  document.title = model ? `${name} · disrust` : name;
  set("name", name);
  showState(state);
  const up = started && "since " + clock(started);
  set("about", [(addresses || []).join(", "), io.backend, up, `disrust ${program.version} ${program.commit.slice(0, 12)}`.trim()].filter(Boolean).join(" · "));
}

// showState says where the server is in its life, or that nobody knows.
function showState(state) {
  const e = document.getElementById("state");
  if (e.textContent == state) return; // a screen reader need not say it again
  e.textContent = e.className = state;
}

function showTiles({ gauges }) {
  setFigure("requests", perSecond(rate("requests")));
  setFigure("vectors", perSecond(rate("vectors")));
  setFigure("received", bytesPerSecond(rate("received_bytes")));
  setFigure("sent", bytesPerSecond(rate("sent_bytes")));
  const [p50, p99, p999] = quantiles("whole", [.5, .99, .999]);
  setFigure("p50", seconds(p50));
  setFigure("p99", seconds(p99));
  setFigure("p999", seconds(p999));
  setFigure("connections", count(gauges.conns), make("small", {}, ` of ${count(gauges.max_connections)}`));
}

function showStages() {
  setRows("stages", [...stages, "whole"].map(stage => {
    const r = row(stage, ...quantiles(stage, [.5, .99, .999, 1]).map(seconds));
    r.className = stage;
    return r;
  }));
}

function showThreads({ thread_seconds }) {
  setRows("threads", thread_seconds.map(t => {
    const [working, polling, asleep] = readings.length < 2 ? [null, null, null] : shares(t);
    return row(t.thread, percent(working), percent(polling), percent(asleep), bar([[working, "working"], [polling, "polling"]]));
  }));
}

function showModel({ model }, since) {
  const entries = model ? [
    ["Name", model.name],
    ["Identity", model.identity || "built in"],
    ["Format", model.format],
    ["File", model.source],
    ["Takes", `${count(model.dim)} features, at most ${count(model.max_vectors)} vectors per request`],
    ["Answers", `${count(model.outputs)} per vector, ${model.kind}`],
    ["Served since", since && clock(since)],
    ["About", model.about],
  ] : [["Name", "no model is served yet"]];
  document.getElementById("model").replaceChildren(...entries.filter(([, text]) => text).flatMap(([name, text]) =>
    [make("dt", {}, name), make("dd", name == "Identity" ? { class: "identity" } : {}, text)]));
}

// showPressure compares peaks with the sizes that the flags say, if there are flags.
function showPressure({ peaks, flags, threads }) {
  const flag = name => flags && flags[name] ? Number(flags[name]) : null;
  const requests = flag("request-ring"), responses = flag("response-ring"), pool = flag("pool-mib");
  const share = requests && threads.io && 2 ** Math.floor(Math.log2(requests / threads.io)); // of a thread, a power of two
  const rows = [
    ["in flight", peaks.max_in_flight, share && responses && Math.min(share, Math.max(1, responses - 1)), count],
    ["in a response ring", peaks.max_responses, responses && Math.max(2, responses), count],
    ["rows in the pool", peaks.max_pool_bytes, pool && pool * 2 ** 20, mebibytes],
  ];
  setRows("pressure", rows.map(([name, peak, most, format]) => row(name, format(peak), format(most), most ? bar([[peak / most, "working"]]) : "")));
}

// What should not happen often, by the names of the counters.
const trouble = [
  ["refused: too many connections", "refused"],
  ["refused: address not allowed", "denied"],
  ["requests sent too slowly", "late_requests"],
  ["protocol errors", "protocol_errors"],
  ["failures of the model", "model_failures"],
  ["refused reloads", "reload_failures"],
  ["waits for the request ring", "request_ring_full"],
  ["waits for the response ring", "response_ring_full"],
  ["waits for the pool", "pool_full"],
  ["answers held by slow peers", "held_answers"],
];

function showCounts({ counters }) {
  setRows("counts", trouble.map(([name, counter]) => {
    const lately = countedPast(counter), r = row(name, count(lately), count(counters[counter]));
    if (lately) r.children[1].className = "some";
    return r;
  }));
}
