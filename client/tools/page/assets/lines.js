// Sets of unequal xs become one: an x that a set lacks is undefined there, which
// a line passes over, while null breaks it.
const joined = sets => sets.length > 1 ? uPlot.join(sets.map(s => [s.x, ...s.lines.map(l => l.y)])) : sets.flatMap(s => [s.x, ...s.lines.map(l => l.y)]);

const faded = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");

function lineChart(chart, place) {
  const sets = (chart.sets || []).filter(s => s.x && s.lines), lines = sets.flatMap(s => s.lines), data = joined(sets);
  if (!lines.length) return null;
  const { x, y } = chart, stroke = lines.map(l => color(l.color));
  const options = {
    width: place.clientWidth, height: lineHeight(place), padding: [12, 12, 0, 0],
    scales: { x: scale(x, xRange(x)), y: scale(y, yRange(y)) },
    axes: [axisOf(x, { size: 34, space: x.log == 2 ? 40 : 60 }), axisOf(y, { size: 62 })],
    series: [{ label: x.name, value: (u, v) => written(x, v) }, ...lines.map((l, i) => ({
      label: l.label, stroke: stroke[i], width: l.width || 2, dash: l.dash || undefined, spanGaps: false,
      value: (u, v) => written(y, v),
      points: { show: l.shape ? drawShapes(l.shape - 1, stroke[i]) : l.points || data[0].length == 1, size: 6, fill: stroke[i] },
    }))],
    bands: lines.flatMap((l, i) => l.fill ? [{ series: [i + 1, i], fill: faded(stroke[i], l.fill) }] : []),
    cursor: { sync: x.sync ? { key: x.sync } : undefined, drag: { x: !x.names, y: false } },
    legend: { markers: {
      width: (u, i) => i && lines[i - 1].dash ? 2 : 0,
      dash: () => "dashed",
      stroke: (u, i) => i ? stroke[i - 1] : "transparent",
      fill: (u, i) => i && !lines[i - 1].dash ? stroke[i - 1] : "transparent",
    } },
    hooks: { draw: [u => (chart.marks || []).forEach((m, i) => drawMark(u, m, i))] },
  };
  const plot = new uPlot(options, data, place);
  plot.root.querySelectorAll(".u-marker").forEach((marker, i) => i && lines[i - 1].shape && marker.classList.add("shape" + (lines[i - 1].shape - 1) % shapes.length));
  return { plot, height: () => lineHeight(place), told: lines.map((l, i) => ({ label: l.label, color: stroke[i] })) };
}

// A chart among others is lower.
const lineHeight = place => place.clientWidth > 600 ? 320 : 250;

// Shapes of points, as polygons in a square of side 2. The style has the same for
// the legend.
const shapes = [
  Array.from({ length: 16 }, (_, i) => [Math.cos(i * Math.PI / 8), Math.sin(i * Math.PI / 8)]),
  [[-.85, -.85], [.85, -.85], [.85, .85], [-.85, .85]],
  [[0, -1], [1, .85], [-1, .85]],
  [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
  [[0, 1], [1, -.85], [-1, -.85]],
  [[-.35, -1], [.35, -1], [.35, -.35], [1, -.35], [1, .35], [.35, .35], [.35, 1], [-.35, 1], [-.35, .35], [-1, .35], [-1, -.35], [-.35, -.35]],
  [[-1, -.45], [1, -.45], [1, .45], [-1, .45]],
  [[-.45, -1], [.45, -1], [.45, 1], [-.45, 1]],
];

const drawShapes = (shape, fill) => (u, series, from, to) => {
  const { ctx } = u, size = 4.5 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = fill;
  for (let i = from; i <= to; i++) {
    const v = u.data[series][i];
    if (v == null) continue;
    const x = u.valToPos(u.data[0][i], "x", true), y = u.valToPos(v, "y", true);
    ctx.beginPath();
    for (const [dx, dy] of shapes[shape % shapes.length]) ctx.lineTo(x + size * dx, y + size * dy);
    ctx.fill();
  }
  ctx.restore();
  return false;
};

// drawMark draws a dashed upright line with words, those of several marks one
// below the other: on its left where they fit, since most lines rise to the right.
function drawMark(u, { at, label, color: name }, i) {
  const { left, top, height } = u.bbox, ctx = u.ctx, ratio = devicePixelRatio;
  const x = Math.round(u.valToPos(at, "x", true));
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color(name);
  ctx.lineWidth = 2 * ratio;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  const fits = ctx.measureText(label).width + 12 * ratio < x - left;
  ctx.textAlign = fits ? "right" : "left";
  ctx.textBaseline = "top";
  ctx.fillText(label, x + (fits ? -6 : 6) * ratio, top + (4 + 18 * i) * ratio);
  ctx.restore();
}
