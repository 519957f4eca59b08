// make makes an element, of SVG if it has a namespace. A child that is text stays text, whatever it says.
function make(name, attributes, ...children) {
  const e = ["svg", "path", "line", "text"].includes(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

const stages = ["read", "wait", "score", "send"];
const color = ["first", "second", "third", "fourth"];
const curve = (name, of, i = 0) => ({ name, of, color: color[i] });
const failures = ["protocol_errors", "model_failures"];

// A chart has curves, how to write their values, and whether its scale is logarithmic, or ends at one with what is below a curve filled.
const charts = [
  { title: "Requests", format: perSecond, curves: [curve("requests", ratePast("requests"))] },
  { title: "Vectors", format: perSecond, curves: [curve("vectors", ratePast("vectors"))] },
  { title: "Bytes", format: bytesPerSecond, curves: [curve("received", ratePast("received_bytes")), curve("sent", ratePast("sent_bytes"), 1)] },
  { title: "Connections", format: count, curves: [curve("open", gaugePast("conns"))] },
  { title: "Latency", format: seconds, logarithmic: true, curves: [curve("p50", stagePast("whole", "p50")), curve("p99", stagePast("whole", "p99"), 1), curve("p99.9", stagePast("whole", "p999"), 2)] },
  { title: "Latency by stage, p99", format: seconds, logarithmic: true, curves: stages.map((name, i) => curve(name, stagePast(name, "p99"), i)) },
  { title: "Threads", format: percent, stacked: true, curves: ["working", "polling", "asleep"].map(name => ({ name, of: threadsPast(name), color: name })) },
  { title: "Refused and failed in 5 s", format: count, curves: [curve("refused", s => counted(s, "refused")), curve("failed", s => failures.reduce((sum, name) => sum + counted(s, name), 0), 1)] },
];

// The time that all charts point at, in seconds of the monotonic clock; null: none does.
let pointed = null;

const margin = { left: 52, right: 6, top: 8, bottom: 18 };

// addCharts puts the charts into the page, without curves.
function addCharts(place) {
  for (const chart of charts) {
    chart.svg = make("svg", { role: "slider", tabindex: 0, "aria-valuemin": -hour, "aria-valuemax": 0 });
    chart.values = chart.curves.map(() => make("b"));
    const legend = chart.curves.map((c, i) => make("li", {}, make("i", { class: "swatch " + c.color }), make("span", {}, c.name), chart.values[i]));
    place.append(make("figure", {}, make("figcaption", {}, chart.title), chart.svg, make("ul", { class: "legend" }, ...legend)));
    chart.svg.addEventListener("pointermove", e => point(timeAt(chart.svg, e.offsetX)));
    chart.svg.addEventListener("pointerleave", () => point(null));
    chart.svg.addEventListener("blur", () => point(null));
    chart.svg.addEventListener("keydown", e => stepTo(e));
  }
  new ResizeObserver(drawCharts).observe(place);
}

// span is how long the charts reach back: an hour, or less while the history is young.
const span = () => [360, 900, 1800].find(s => past.samples.every(sample => now() - sample.at < s)) || hour;

const timeAt = (svg, x) => now() - span() + span() * (x - margin.left) / (svg.clientWidth - margin.left - margin.right);

function point(time) {
  pointed = time;
  drawCharts();
}

// stepTo moves what is pointed at by a sample, or by a minute's worth of them.
function stepTo(event) {
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12, Home: -Infinity, End: Infinity }[event.key];
  if (event.key == "Escape") point(null);
  if (!steps || !past.samples.length) return;
  event.preventDefault();
  const last = past.samples.length - 1, from = pointed == null ? last + (steps < 0) : past.samples.indexOf(sampleAt(pointed));
  point(past.samples[Math.min(last, Math.max(0, from + steps))].at);
}

// sampleAt returns the sample whose interval has a time, or the nearest.
const sampleAt = time => past.samples.find(s => s.at >= time) || past.samples.at(-1);

function drawCharts() {
  const shown = sampleAt(pointed ?? Infinity), ago = shown && pointed != null ? duration(now() - shown.at) + " ago" : "now";
  document.getElementById("when").textContent = pointed == null ? "point at a curve, or focus it and use the arrow keys" : ago;
  for (const chart of charts) {
    draw(chart, shown);
    const values = chart.curves.map(c => chart.format(shown ? c.of(shown) : null));
    chart.values.forEach((e, i) => e.textContent = values[i]);
    chart.svg.setAttribute("aria-label", chart.title + " in the last hour");
    chart.svg.setAttribute("aria-valuenow", Math.round(shown ? shown.at - now() : 0));
    chart.svg.setAttribute("aria-valuetext", ago + ": " + chart.curves.map((c, i) => c.name + " " + values[i]).join(", "));
  }
}

// draw draws the curves of a chart.
function draw(chart, shown) {
  const { svg, curves } = chart, width = svg.clientWidth, height = svg.clientHeight, end = now(), length = span();
  const values = curves.map(c => past.samples.map(c.of));
  const scale = chart.stacked ? linear(1, chart.format) : chart.logarithmic ? logarithmic(values, chart.format) : linear(Math.max(0, ...values.flat()), chart.format);
  const x = time => margin.left + (width - margin.left - margin.right) * (1 - (end - time) / length);
  const y = v => height - margin.bottom - (height - margin.bottom - margin.top) * Math.min(1, Math.max(0, scale.place(v)));
  const parts = scale.ticks.flatMap(v => [
    make("path", { class: "grid", d: `M${margin.left} ${y(v)}H${width - margin.right}` }),
    make("text", { x: margin.left - 6, y: y(v) + 4, "text-anchor": "end" }, scale.format(v).replace(/(\.\d*?)0+(?=\D)/, "$1").replace(/\.(?=\D)/, "")),
  ]);
  for (const [third, anchor] of [[3, "start"], [2, "middle"], [1, "middle"], [0, "end"]]) {
    const ago = third * length / 3;
    parts.push(make("text", { x: x(end - ago), y: height - 4, "text-anchor": anchor }, ago ? ago / 60 + " min" : "now"));
  }
  const lines = chart.stacked ? areas(values, x, y) : values.map(v => line(v, x, y));
  lines.forEach((d, i) => d && parts.push(make("path", { class: (chart.stacked ? "area " : "line ") + curves[i].color, d })));
  if (pointed != null && shown) parts.push(make("path", { class: "at", d: `M${x(shown.at)} ${margin.top}V${height - margin.bottom}` }));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}

// line is a path through values. It has a gap where there is none, and a dot for a value between two gaps.
function line(values, x, y) {
  let d = "";
  values.forEach((v, i) => {
    if (v == null) return;
    const at = `${x(past.samples[i].at).toFixed(1)} ${y(v).toFixed(1)}`;
    d += values[i - 1] != null ? "L" + at : values[i + 1] != null ? "M" + at : "M" + at + "h0";
  });
  return d;
}

// areas are closed paths, each from the sum of the values before to that with its own.
function areas(values, x, y) {
  let below = past.samples.map(() => 0);
  return values.map(own => {
    const above = own.map((v, i) => below[i] + (v || 0));
    let d = "";
    past.samples.forEach((s, i) => {
      if (own[i] == null) return;
      const from = x(s.at - s.seconds).toFixed(1), to = x(s.at).toFixed(1);
      d += `M${from} ${y(below[i]).toFixed(1)}V${y(above[i]).toFixed(1)}H${to}V${y(below[i]).toFixed(1)}Z`;
    });
    below = above;
    return d;
  });
}

// linear is a scale from 0 to a round number above the most, which is half of one that is drawn too.
function linear(most, format) {
  const power = 10 ** Math.floor(Math.log10(most || 1)), top = power * [1, 2, 4, 6, 8, 10].find(n => n * power >= most);
  return { place: v => v / top, ticks: top == 1 && format != percent ? [0, 1] : [0, top / 2, top], format };
}

// logarithmic is a scale of whole powers of ten around the values. 0 lies at its lower end.
function logarithmic(values, format) {
  const some = values.flat().filter(v => v > 0);
  const low = Math.floor(Math.log10(Math.min(1e-5, ...some)) + 1e-9), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1e-5, ...some)) - 1e-9));
  const every = Math.ceil((high - low) / 4), ticks = [];
  for (let p = low; p <= high; p += every) ticks.push(10 ** p);
  return { place: v => v > 0 ? (Math.log10(v) - low) / (high - low) : 0, ticks, format };
}
