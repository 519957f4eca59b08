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

  // Behind each bar its figure and ratio, across it the range of the rounds. A
  // plugin of its own for each chart: functions in a chart's options are called
  // by the library for their value.
  const ranges = (rows, spreads, show) => ({
    id: "ranges",
    afterDatasetsDraw(chart) {
      const { ctx, scales: { x } } = chart;
      ctx.save();
      ctx.font = "12px system-ui, sans-serif";
      ctx.textBaseline = "middle";
      ctx.strokeStyle = ctx.fillStyle = css("ink");
      chart.getDatasetMeta(0).data.forEach((bar, i) => {
        const failed = rows[i].failed ? "failed " + rows[i].failed + " of " + counted(rows[i].failed + rows[i].runs, "round") : "";
        if (!rows[i].runs) {
          ctx.fillStyle = css("warn");
          ctx.fillText(failed, x.left + 7, bar.y);
          return;
        }
        ctx.fillStyle = css("ink");
        const s = spreads[i], low = x.getPixelForValue(s.low), high = x.getPixelForValue(s.high);
        ctx.beginPath();
        ctx.moveTo(low, bar.y); ctx.lineTo(high, bar.y);
        for (const end of [low, high]) { ctx.moveTo(end, bar.y - 3); ctx.lineTo(end, bar.y + 3); }
        ctx.stroke();
        ctx.fillText(show(s.median) + (s.ratio ? "  ×" + ratio(s.ratio) : "") + (rows[i].limited ? " *" : "") + (failed && "  " + failed), Math.max(high, bar.x) + 7, bar.y);
      });
      ctx.restore();
    },
  });

  const axis = more => ({ grid: { color: css("grid") }, border: { color: css("edge") }, ...more, ticks: { color: css("faint"), font: { size: 12 }, ...more.ticks } });

  function bars(canvas, rows, figure, show) {
    canvas.parentNode.style.height = 27 * rows.length + 41 + "px";
    const spreads = rows.map(r => r[figure]);
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: rows.map(r => r.peer),
        datasets: [{ data: spreads.map(s => s.median), backgroundColor: rows.map(r => peerColor(r.peer)), borderRadius: 3, barPercentage: .8, categoryPercentage: .95, maxBarThickness: 24 }],
      },
      options: {
        indexAxis: "y",
        scales: {
          x: axis({ min: 0, suggestedMax: 1.45 * Math.max(...spreads.map(s => s.high)), ticks: { maxTicksLimit: 5, callback: v => brief(show(v)) } }),
          y: axis({ grid: { display: false }, ticks: { color: css("ink"), autoSkip: false } }),
        },
        plugins: {
          tooltip: { callbacks: { label: item => { const s = spreads[item.dataIndex]; return show(s.median) + ", from " + show(s.low) + " to " + show(s.high) + " in " + counted(rows[item.dataIndex].runs, "run"); }, afterLabel: item => rows[item.dataIndex].limited && "* " + rows[item.dataIndex].limited } },
        },
      },
      plugins: [ranges(rows, spreads, show)],
    });
  }

  const percentiles = [["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["p99_9", "p99.9"], ["max", "max"]];

  function lines(canvas, rows) {
    return new Chart(canvas, {
      type: "line",
      data: {
        labels: percentiles.map(p => p[1]),
        datasets: rows.map(r => ({ label: r.peer, data: percentiles.map(p => Math.max(1, r[p[0]].median)), borderColor: peerColor(r.peer), backgroundColor: peerColor(r.peer), borderWidth: 2, pointRadius: 3 })),
      },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: {
          x: axis({ grid: { display: false } }),
          y: axis({ type: "logarithmic", ticks: { callback: v => [1, 2, 5].includes(+String(v)[0]) && /^[125]0*$/.test(String(v)) ? brief(nanos(v)) : null, autoSkip: true, maxTicksLimit: 8 } }),
        },
        plugins: { tooltip: { itemSort: (a, b) => b.raw - a.raw, callbacks: { label: item => item.dataset.label + ": " + nanos(item.raw) } } },
      },
    });
  }

  const kinds = {
    rate: (canvas, rows) => bars(canvas, rows, "rate", count),
    latency: lines,
    server: (canvas, rows) => bars(canvas, rows, "server", nanos),
  };

  function drawAll() {
    for (const chart of charts.splice(0)) chart.destroy();
    Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false, devicePixelRatio: Math.max(2, window.devicePixelRatio) });
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
