// The page's colors, which its style has for light and for dark.
const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const font = "12px system-ui, sans-serif";

// Ends of scales: of y from zero to a little above the highest, of x a little
// around, of logarithms whole steps of 1, 2 and 5.
const fromZero = (u, min, max) => [0, max > 0 ? max * 1.08 : 1];
const around = (u, min, max) => min == null ? [0, 1] : min == max ? [Math.max(0, min - 1), max + 1] : [Math.max(0, min - (max - min) * .03), max + (max - min) * .03];
const octaves = (u, min, max) => min == max ? [min / 2, max * 2] : [min, max];
const fromOne = (u, min, max) => [1, Math.max(10, max)];
const power = v => 10 ** Math.floor(Math.log10(v) + 1e-9);

function decades(u, min, max) {
  if (!(min > 0)) return [1, 10];
  const down = [5, 2, 1].map(n => n * power(min)).find(v => v <= min * 1.0001);
  const up = [1, 2, 5, 10].map(n => n * power(max)).find(v => v >= max * .9999);
  return [down, up > down ? up : down * 10];
}

// Ticks of a logarithmic scale: 1, 2 and 5 of each decade where there is room,
// else every decade, or every second one and so on.
function decadeSplits(u, axis, min, max) {
  const across = u.axes[axis].side % 2 == 0, pixels = (across ? u.bbox.width : u.bbox.height) / devicePixelRatio;
  const room = Math.max(2, pixels / (across ? 60 : 24)), spread = Math.log10(max / min);
  const steps = 3 * spread <= room ? [1, 2, 5] : [1], every = Math.max(1, Math.ceil(spread / room));
  const at = [];
  for (let decade = power(min), i = 0; decade <= max * 1.0001; decade *= 10, i++) {
    for (const n of steps) if (i % every == 0 && n * decade >= min * .9999 && n * decade <= max * 1.0001) at.push(n * decade);
  }
  return at;
}

// Ticks of percentiles: each nine, and the median where there is room.
function nines(u, axis, min, max) {
  const at = [];
  for (let v = 1; v <= max * 1.0001; v *= 10) at.push(v);
  if (max >= 2 && u.width > 600) at.splice(1, 0, 2);
  return at;
}

const times = [.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400];

// What the chart library is told of an axis.
const scale = (axis, range) => ({ time: false, distr: axis.log ? 3 : 1, log: axis.log || 10, range });

const axisStyle = () => ({
  stroke: color("faint"), grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 },
  font, labelFont: font, labelSize: 22,
});

const xRange = axis => axis.format == "percentile" ? fromOne : axis.names ? () => [-.25, axis.names.length - .75] : axis.log ? octaves : around;
const yRange = axis => axis.log ? decades : fromZero;

const axisOf = (axis, more) => ({
  ...axisStyle(), label: axis.label, values: (u, at) => at.map(v => ticked(axis, v)),
  ...(axis.names && { splits: () => axis.names.map((_, i) => i) }),
  ...(axis.format == "seconds" && { incrs: times }),
  ...(axis.log == 10 && { splits: axis.format == "percentile" ? nines : decadeSplits, filter: (u, at) => at }),
  ...more,
});
