// Figures as people read them: three digits and a unit.
const three = v => v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2);

function latency(nanos) {
  let value = nanos, unit = "ns";
  for (const next of ["µs", "ms", "s"]) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return (unit == "ns" ? Math.round(value) : three(value)) + " " + unit;
}

const plain = v => String(+v.toFixed(2));
const short = v => v >= 1e9 ? plain(v / 1e9) + "G" : v >= 1e6 ? plain(v / 1e6) + "M" : v >= 1e3 ? plain(v / 1e3) + "k" : plain(v);
const whole = v => Math.round(v).toLocaleString("en");

// A format writes a value in the legend, and one at a tick of an axis.
const formats = {
  number: { value: whole, tick: plain },
  count: { value: whole, tick: short },
  latency: { value: latency, tick: v => latency(v).replace(/(\.\d*?)0+ /, "$1 ").replace(". ", " ") },
  seconds: { value: v => plain(v) + " s", tick: plain },
  percentile: { value: x => "p" + +(100 - 100 / x).toFixed(Math.max(2, Math.ceil(Math.log10(x)))), tick: x => +(100 - 100 / x).toFixed(8) + "%" },
};

const written = (axis, v) => v == null ? "" : axis.names ? axis.names[v] : formats[axis.format].value(v) + axis.unit;
const ticked = (axis, v) => v == null ? null : axis.names ? axis.names[v] : formats[axis.format].tick(v);
