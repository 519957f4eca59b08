"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const css = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const peerColor = name => css("peer" + data.peers.indexOf(name) % 7);
  const charts = [];

  // Figures as people read them: three digits and a unit.
  const three = v => v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2);
  const scaled = (v, units, step) => {
    let i = 0;
    while (v >= step * .9995 && i < units.length - 1) { v /= step; i++; }
    return (i || v % 1 ? three(v) : v) + units[i];
  };
  const count = v => scaled(v, ["", "k", "M", "G"], 1000);
  const nanos = v => scaled(v, [" ns", " µs", " ms", " s"], 1000);
  const ratio = v => v >= .0995 ? three(v) : String(+v.toPrecision(2));
  const counted = (n, what) => n + " " + what + (n === 1 ? "" : "s");
  const brief = text => text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");

  // What stands behind a bar: its figure and ratio, and that the peer failed.
  const failed = r => r.failed ? "failed " + r.failed + " of " + counted(r.failed + r.runs, "round") : "";
  const words = (r, s, show) => [r.runs && show(s.median) + (s.ratio ? "  ×" + ratio(s.ratio) : "") + (r.limited ? " *" : ""), failed(r)].filter(Boolean).join("  ");
  const wordFont = "12px system-ui, sans-serif";

  // Draws the words, and across each bar the range of the rounds. A plugin of its
  // own for each chart: functions in a chart's options are called by the library
  // for their value.
  const ranges = (rows, spreads, texts) => ({
    id: "ranges",
    afterDatasetsDraw(chart) {
      const { ctx, scales: { x } } = chart;
      ctx.save();
      ctx.font = wordFont;
      ctx.textBaseline = "middle";
      ctx.strokeStyle = ctx.fillStyle = css("ink");
      chart.getDatasetMeta(0).data.forEach((bar, i) => {
        ctx.fillStyle = css(rows[i].failed ? "warn" : "ink");
        if (!rows[i].runs) {
          ctx.fillText(texts[i], x.left + 7, bar.y);
          return;
        }
        const s = spreads[i], low = x.getPixelForValue(s.low), high = x.getPixelForValue(s.high);
        ctx.beginPath();
        ctx.moveTo(low, bar.y); ctx.lineTo(high, bar.y);
        for (const end of [low, high]) { ctx.moveTo(end, bar.y - 3); ctx.lineTo(end, bar.y + 3); }
        ctx.stroke();
        ctx.fillText(texts[i], Math.max(high, bar.x) + 7, bar.y);
      });
      ctx.restore();
    },
  });

  const axis = (title, more) => ({ title: { display: true, text: title, color: css("faint"), font: { size: 12 } }, grid: { color: css("grid") }, border: { color: css("edge") }, ...more, ticks: { color: css("faint"), font: { size: 12 }, maxRotation: 0, ...more.ticks } });

  // On a logarithmic axis only ticks of 1, and where there is room of 2 and 5.
  const decades = show => v => /^(0\.0*)?[125]0*$/.test(String(v)) ? brief(show(v)) : null;

  // A linear axis from 0, along which lengths compare; but where the largest would
  // leave nothing of the smallest, a logarithmic one from the power of ten below.
  const widest = 30;
  function scale(title, spreads, show) {
    const low = Math.min(...spreads.map(s => s.low)), high = Math.max(...spreads.map(s => s.high));
    if (low > 0 && high > widest * low) {
      return axis(title + ", logarithmic", { type: "logarithmic", min: 10 ** Math.floor(Math.log10(low * .8)), max: high * 1.1, ticks: { maxTicksLimit: 6, callback: decades(show) } });
    }
    return axis(title, { min: 0, suggestedMax: 1.02 * high, ticks: { maxTicksLimit: 5, callback: v => brief(show(v)) } });
  }

  function bars(canvas, rows, figure, title, show) {
    canvas.parentNode.style.height = 27 * rows.length + 62 + "px";
    const spreads = rows.map(r => r[figure]), texts = rows.map((r, i) => words(r, spreads[i], show));
    const pen = canvas.getContext("2d");
    pen.font = wordFont;
    const x = scale(title, spreads.filter((_, i) => rows[i].runs), show);
    canvas.dataset.scale = x.type || "linear";
    const room = 10 + Math.max(...texts.map(text => pen.measureText(text).width));
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: rows.map(r => r.peer),
        datasets: [{ data: spreads.map(s => s.median), backgroundColor: rows.map(r => peerColor(r.peer)), borderRadius: 3, barPercentage: .8, categoryPercentage: .95, maxBarThickness: 24 }],
      },
      options: {
        indexAxis: "y",
        layout: { padding: { right: room } },
        scales: {
          x,
          y: axis("", { title: { display: false }, grid: { display: false }, ticks: { color: css("ink"), autoSkip: false } }),
        },
        plugins: {
          tooltip: { callbacks: { label: item => { const s = spreads[item.dataIndex]; return show(s.median) + ", from " + show(s.low) + " to " + show(s.high) + " in " + counted(rows[item.dataIndex].runs, "run"); }, afterLabel: item => rows[item.dataIndex].limited && "* " + rows[item.dataIndex].limited } },
        },
      },
      plugins: [ranges(rows, spreads, texts)],
    });
  }

  const percentiles = [["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["p99_9", "p99.9"], ["max", "max"]];

  // A line is told by its color and by the shape of its points.
  const shapes = ["circle", "rect", "triangle", "rectRot", "crossRot", "star", "cross"];
  const shape = name => shapes[data.peers.indexOf(name) % shapes.length];

  function lines(canvas, rows) {
    canvas.parentNode.style.height = "290px";
    return new Chart(canvas, {
      type: "line",
      data: {
        labels: percentiles.map(p => p[1]),
        datasets: rows.map(r => ({ label: r.peer, data: percentiles.map(p => Math.max(1, r[p[0]].median)), borderColor: peerColor(r.peer), backgroundColor: peerColor(r.peer), borderWidth: 2, pointRadius: 4, pointStyle: shape(r.peer) })),
      },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: {
          x: axis("percentile", { grid: { display: false } }),
          y: axis("latency, logarithmic", { type: "logarithmic", ticks: { callback: decades(nanos), autoSkip: true, maxTicksLimit: 8 } }),
        },
        plugins: { legend: { display: true, position: "bottom", labels: { usePointStyle: true, color: css("ink"), boxHeight: 8, padding: 8 } }, tooltip: { itemSort: (a, b) => b.raw - a.raw, callbacks: { label: item => item.dataset.label + ": " + nanos(item.raw) } } },
      },
    });
  }

  const kinds = {
    rate: (canvas, rows) => bars(canvas, rows, "rate", "requests/s", count),
    latency: lines,
    server: (canvas, rows) => bars(canvas, rows, "server", "CPU time a request", nanos),
  };

  function drawAll() {
    for (const chart of charts.splice(0)) chart.destroy();
    Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false, devicePixelRatio: Math.max(2, window.devicePixelRatio) });
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.plugins.legend.display = false;
    for (const kind in kinds) data.works.forEach((work, i) => {
      const canvas = document.getElementById(kind + "-" + i);
      const rows = data.rows.filter(r => r.work === work && (r.runs || r.failed && kind !== "latency"));
      if (!rows.some(r => r.runs)) {
        canvas.parentNode.classList.add("empty");
        canvas.parentNode.textContent = "Nothing was measured.";
        return;
      }
      charts.push(kinds[kind](canvas, rows));
      canvas.dataset.drawn = rows.map(r => r.peer).join(" ");
    });
  }

  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
  addEventListener("beforeprint", () => charts.forEach(c => c.resize()));
})();
