"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const faded = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
  const height = 320;
  const runColor = i => "run" + i % 8;

  // Figures as people read them: three digits and a unit.
  const three = v => v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2);
  function latency(nanos) {
    if (nanos == null) return "";
    let value = nanos, unit = "ns";
    for (const next of ["µs", "ms", "s"]) {
      if (value < 999.5) break;
      value /= 1000; unit = next;
    }
    return (unit == "ns" ? Math.round(value) : three(value)) + " " + unit;
  }
  const latencyTick = nanos => latency(nanos).replace(/(\.\d*?)0+ /, "$1 ").replace(". ", " ");
  const count = v => v == null ? "" : Math.round(v).toLocaleString("en");
  const shortCount = v => v >= 1e6 ? +(v / 1e6).toFixed(2) + "M" : v >= 1e3 ? +(v / 1e3).toFixed(2) + "k" : "" + +v.toFixed(2);
  const seconds = v => v == null ? "" : +v.toFixed(2) + " s";
  // The x of the percentile curve is 1/(1-p): one value in so many is slower.
  const percentile = x => x == null ? "" : "p" + +(100 - 100 / x).toFixed(Math.max(2, Math.ceil(Math.log10(x))));

  // Ends of axes: zero to a little above the highest; whole steps of 1, 2, 5.
  const fromZero = (u, min, max) => [0, max > 0 ? max * 1.08 : 1];
  const around = (u, min, max) => min == null ? [0, 1] : min == max ? [Math.max(0, min - 1), max + 1] : [Math.max(0, min - (max - min) * .03), max + (max - min) * .03];
  function decades(u, min, max) {
    if (!(min > 0)) return [1, 10];
    const step = v => 10 ** Math.floor(Math.log10(v) + 1e-9);
    const down = [5, 2, 1].map(n => n * step(min)).find(v => v <= min * 1.0001);
    const up = [1, 2, 5, 10].map(n => n * step(max)).find(v => v >= max * .9999);
    return [down, up > down ? up : down * 10];
  }

  // Grid and ticks of a logarithmic axis: 1, 2 and 5 of each decade while there
  // are few decades.
  function decadeSplits(u, axis, min, max) {
    const at = [], steps = max / min < 2000 ? [1, 2, 5] : [1];
    for (let decade = 10 ** Math.floor(Math.log10(min) + 1e-9); decade <= max; decade *= 10) {
      for (const n of steps) if (n * decade >= min * .9999 && n * decade <= max * 1.0001) at.push(n * decade);
    }
    return at;
  }

  const throughput = { label: "requests/s", range: fromZero, tick: shortCount, value: count };
  const latencies = { label: "latency", log: 10, range: decades, splits: decadeSplits, tick: latencyTick, value: latency };

  // chart draws lines over one x. A line is {label, color, y, width, dash, points, fill}:
  // fill is the alpha of the area down to the line before it. Colors are names of
  // the page's.
  function chart(id, x, y, xs, lines, marks = []) {
    const figure = document.getElementById(id), place = figure.querySelector(".plot");
    place.replaceChildren();
    delete figure.dataset.drawn;
    if (!xs.length) {
      place.classList.add("empty");
      place.textContent = "Nothing was measured.";
      return;
    }
    const axis = { stroke: color("faint"), grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 22 };
    const splits = of => of.splits && { splits: of.splits, filter: (u, at) => at };
    const scale = of => ({ time: false, distr: of.log ? 3 : 1, log: of.log || 10, range: of.range });
    const options = {
      width: place.clientWidth, height, padding: [12, 12, 0, 0],
      scales: { x: scale(x), y: scale(y) },
      axes: [
        { ...axis, label: x.label, values: (u, at) => at.map(v => v == null ? null : x.tick(v)), space: x.space || 60, size: 34, ...(x.incrs && { incrs: x.incrs }), ...splits(x) },
        { ...axis, label: y.label, values: (u, at) => at.map(v => v == null ? null : y.tick(v)), size: 62, ...splits(y) },
      ],
      series: [{ label: x.name, value: (u, v) => x.value(v) }, ...lines.map(l => ({
        label: l.label, stroke: color(l.color), width: l.width || 2, dash: l.dash, spanGaps: false,
        value: (u, v) => y.value(v), points: { show: l.points || xs.length == 1, size: 6, fill: color(l.color) },
      }))],
      bands: lines.flatMap((l, i) => l.fill ? [{ series: [i + 1, i], fill: faded(color(l.color), l.fill) }] : []),
      cursor: { sync: x.sync && { key: x.sync }, drag: { x: true, y: false } },
      legend: { markers: {
        width: (u, i) => i && lines[i - 1].dash ? 2 : 0,
        dash: () => "dashed",
        stroke: (u, i) => i ? color(lines[i - 1].color) : "transparent",
        fill: (u, i) => i && !lines[i - 1].dash ? color(lines[i - 1].color) : "transparent",
      } },
      hooks: { draw: [u => marks.forEach((m, i) => mark(u, m, i)), tell] },
    };
    const plot = new uPlot(options, [xs, ...lines.map(l => l.y)], place);
    drawn.push({ figure, place, plot, lines });
  }

  // mark is a dashed upright line with a word, the words of several one below
  // the other: where the knees are.
  function mark(u, { at, label, color: name }, i) {
    const { left, top, width, height } = u.bbox, ctx = u.ctx, ratio = devicePixelRatio;
    const x = Math.round(u.valToPos(at, "x", true));
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color(name);
    ctx.lineWidth = 2 * ratio;
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    const right = x > left + width * .7;
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = right ? "right" : "left";
    ctx.textBaseline = "top";
    ctx.fillText(label, x + (right ? -6 : 6) * ratio, top + (4 + 18 * i) * ratio);
    ctx.restore();
  }

  // Tables of unequal xs become one: what one lacks is undefined, which its line
  // passes over, while null breaks it.
  const joined = tables => tables.length ? uPlot.join(tables) : [[]];
  const measured = list => list.filter(s => s.x.length);

  const bands = [["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["p999", "p99.9"], ["max", "max"]];

  const times = [.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400];

  function overTime() {
    const runs = measured(data.runs), alone = data.runs.length == 1;
    const x = { name: "at", label: "seconds since the end of the warm-up", range: around, tick: v => +v.toFixed(2), value: seconds, sync: "time", incrs: times };
    const [xs, ...rates] = joined(runs.map(r => [r.x, r.rate]));
    chart("throughput", x, throughput, xs, runs.map((r, i) => ({
      label: alone ? "requests/s" : r.name, color: alone ? "rate" : runColor(r.color), y: rates[i],
    })));
    if (alone && runs.length) {
      chart("latency", x, latencies, runs[0].x, bands.map(([key, label], i) => ({ label, color: key, y: runs[0][key], fill: i ? .16 : 0 })));
      return;
    }
    const shown = [["p50", "p50"], ["p999", "p99.9"], ["max", "max"]];
    const [at, ...ys] = joined(runs.map(r => [r.x, ...shown.map(([key]) => r[key])]));
    chart("latency", x, latencies, at, runs.flatMap((r, i) => shown.map(([, label], k) => ({
      label: `${r.name} ${label}`, color: runColor(r.color), y: ys[i * shown.length + k],
      dash: k == 2 ? [2, 4] : undefined, fill: k == 1 ? .24 / runs.length : 0,
    }))));
  }

  function curves() {
    const c = data.curves;
    const decade = (u, axis, min, max) => {
      const at = [];
      for (let v = 1; v <= max * 1.0001; v *= 10) at.push(v);
      if (max >= 2 && u.width > 600) at.splice(1, 0, 2);
      return at;
    };
    const x = { name: "percentile", label: "percentile of answers", log: 10, range: (u, min, max) => [1, Math.max(10, max)], splits: decade, tick: v => +(100 - 100 / v).toFixed(8) + "%", value: percentile };
    chart("curve", x, latencies, c.x, c.lines.map(l => ({
      label: l.name, color: runColor(l.color), y: l.y, dash: l.dashed ? [6, 4] : undefined,
    })));
  }

  function sweeps() {
    data.sweeps.forEach(group => {
      const all = measured(group.sweeps), alone = group.sweeps.length == 1, conns = group.varied == "conns";
      const x = conns
        ? { name: "connections", label: "connections", log: 2, range: (u, min, max) => min == max ? [min / 2, max * 2] : [min, max], tick: v => +v.toFixed(2), value: count, space: 40 }
        : { name: "asked", label: "requests/s asked", range: around, tick: shortCount, value: v => v == null ? "" : count(v) + "/s" };
      const knees = all.filter(s => s.knee != null).map(s => ({ at: s.knee, label: (alone ? "" : s.name + " ") + "knee " + (conns ? count(s.knee) + " connections" : count(s.knee) + "/s"), color: alone ? "knee" : runColor(s.color) }));
      const [xs, ...rates] = joined(all.map(s => [s.x, s.rate]));
      chart("sweep-rate-" + group.varied, x, throughput, xs, all.map((s, i) => ({
        label: alone ? "requests/s answered" : s.name, color: alone ? "rate" : runColor(s.color), y: rates[i], points: true,
      })), knees);
      const shown = alone && all.length
        ? [["p50", "p50"], ["p99", "p99"], ["slo", all[0].percentile], ["max", "max"]].filter(([key], i, list) => i == 2 || list[2][1] != list[i][1])
        : [["p50", "p50"], ["slo", ""]];
      const [at, ...ys] = joined(all.map(s => [s.x, ...shown.map(([key]) => s[key])]));
      const lines = all.flatMap((s, i) => shown.map(([key, label], k) => ({
        label: alone ? label : `${s.name} ${label || s.percentile}`,
        color: alone ? (key == "slo" ? "p999" : key) : runColor(s.color), y: ys[i * shown.length + k],
        points: true, dash: !alone && key == "p50" ? [6, 4] : undefined, width: key == "slo" ? 3 : 2,
      })));
      const limits = [...new Set(all.map(s => s.limit))];
      for (const limit of limits) lines.push({ label: `bound ${latencyTick(limit)}`, color: "slo", y: at.map(() => limit), dash: [8, 5], width: 2 });
      chart("sweep-latency-" + group.varied, x, latencies, at, lines, knees);
    });
  }

  // What is drawn, so that it can be drawn again when the width changes. uPlot
  // draws when the script has ended; the last to draw finds all in their places,
  // and each figure tells where its plot is and in which colors.
  let drawn = [];
  function tell() {
    for (const { figure, plot, lines } of drawn) {
      const r = plot.over.getBoundingClientRect();
      figure.dataset.drawn = JSON.stringify({
        left: r.left + scrollX, top: r.top + scrollY, width: r.width, height: r.height,
        lines: lines.map(l => ({ label: l.label, color: color(l.color) })),
      });
    }
  }
  function draw() {
    drawn.forEach(d => d.plot.destroy());
    drawn = [];
    if (data.runs.length) overTime();
    if (data.curves.lines.length) curves();
    sweeps();
  }
  draw();
  addEventListener("resize", () => {
    drawn.forEach(({ place, plot }) => plot.setSize({ width: place.clientWidth, height }));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  // On paper: light, and as wide as A4 within its margins.
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
    draw();
    drawn.forEach(({ plot }) => plot.setSize({ width: 660, height: 260 }));
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.theme;
    draw();
  });
})();
