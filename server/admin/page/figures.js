// Figures as people read them: three digits and a unit, or a dash for what is not known.
const dash = "–", space = "\u202f";

const three = v => v >= 99.95 || v == 0 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2);

// scaled divides a value by 1000 until it has at most three digits before the point.
function scaled(value, units) {
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return [value, units[unit]];
}

function withUnit(value, units, whole) {
  if (value == null) return dash;
  const [v, unit] = scaled(value, units);
  return (whole && unit == units[0] ? Math.round(v) : three(v)) + (unit && space + unit);
}

const count = v => v == null ? dash : Math.round(v).toLocaleString("en");
const perSecond = v => withUnit(v, ["/s", "k/s", "M/s", "G/s"]);
const bytesPerSecond = v => withUnit(v, ["B/s", "kB/s", "MB/s", "GB/s"], true);
const seconds = v => withUnit(v == null ? v : v * 1e9, ["ns", "µs", "ms", "s"], true);
const mebibytes = v => v == null ? dash : three(v / 2 ** 20) + space + "MiB";
const percent = v => v == null ? dash : (100 * v).toFixed(v > 0 && v < .0995 ? 1 : 0) + space + "%";

// duration is for longer times than seconds.
function duration(s) {
  const minutes = Math.floor(s / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days) return `${days} d ${hours % 24} h`;
  if (hours) return `${hours} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${Math.floor(s % 60)} s` : `${Math.floor(s)} s`;
}

// clock is a moment as the reader's clock and calendar have it.
const clock = time => new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
