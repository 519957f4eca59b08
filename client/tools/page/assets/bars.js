// barChart draws bars across, the first on top: names on the left, words behind
// the bars, and across each bar the range of its value.
function barChart(chart, place) {
  const { y, bars } = chart, measured = bars.filter(b => b.value != null);
  if (!measured.length) return null;
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  const longest = texts => Math.ceil(Math.max(...texts.map(text => pen.measureText(text).width)));
  const low = Math.min(...measured.map(b => b.low)), high = Math.max(...measured.map(b => b.high));
  const range = () => y.log ? [power(low * .8), high * 1.1] : [0, high > 0 ? high * 1.02 : 1];
  const fill = bars.map(b => color(b.color)), height = 27 * bars.length + 62;
  const names = longest(bars.map(b => b.name)) + 12, room = place.clientWidth - names;
  const hint = document.createElement("p");
  hint.className = "hint";
  const options = {
    width: place.clientWidth, height, padding: [6, Math.min(longest(bars.map(b => b.words)) + 14, .6 * room), 0, 0],
    scales: { x: { time: false, ori: 1, dir: -1, range: [-.5, bars.length - .5] }, y: { ...scale(y, range), ori: 0 } },
    axes: [
      { ...axisStyle(), side: 3, stroke: color("ink"), grid: { show: false }, ticks: { show: false }, gap: 8, size: names, splits: () => bars.map((_, i) => i), values: () => bars.map(b => b.name) },
      axisOf(y, { side: 2, size: 34, space: 60 }),
    ],
    series: [{}, {
      width: 0, fillTo: u => u.scales.y.min, points: { show: false },
      paths: uPlot.paths.bars({ size: [.76, 24], disp: { fill: { unit: 3, values: () => fill } } }),
    }],
    legend: { show: false },
    cursor: { y: false, x: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      draw: [u => bars.forEach((b, i) => drawRange(u, b, i))],
      setCursor: [u => { hint.textContent = u.cursor.left < 0 || u.cursor.idx == null ? "" : bars[u.cursor.idx].note; }],
    },
  };
  const plot = new uPlot(options, [bars.map((_, i) => i), bars.map(b => b.value)], place);
  place.append(hint);
  return { plot, height: () => height, told: bars.map((b, i) => ({ label: b.name, color: b.value == null ? "" : fill[i] })) };
}

function drawRange(u, bar, i) {
  const ctx = u.ctx, ratio = devicePixelRatio, at = u.valToPos(i, "x", true), place = v => u.valToPos(v, "y", true);
  let end = u.bbox.left;
  ctx.save();
  ctx.strokeStyle = color("ink");
  ctx.lineWidth = ratio;
  if (bar.value != null) {
    const low = place(bar.low), high = place(bar.high);
    ctx.beginPath();
    ctx.moveTo(low, at);
    ctx.lineTo(high, at);
    for (const x of [low, high]) {
      ctx.moveTo(x, at - 3 * ratio);
      ctx.lineTo(x, at + 3 * ratio);
    }
    ctx.stroke();
    end = Math.max(high, place(bar.value));
  }
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = color(bar.warning ? "warn" : "ink");
  ctx.fillText(bar.words, end + 7 * ratio, at);
  ctx.restore();
}
