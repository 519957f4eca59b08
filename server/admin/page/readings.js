// A reading is what /status and /stages said at a time, in seconds of the browser's monotonic clock. What the page shows of
// now is the difference between the latest reading and one from about windowSeconds before.
const windowSeconds = 5, longestGap = 10;
let readings = [];

// addReading begins anew where a difference would make no sense: the server is another one, or nobody looked for a while.
function addReading(now) {
  const last = readings.at(-1);
  if (last && (now.at - last.at > longestGap || isAnother(now.status, last.status))) readings = [];
  readings.push(now);
  while (readings.length > 2 && now.at - readings[1].at >= windowSeconds - .25) readings.shift();
}

const isAnother = (now, last) => now.started != last.started || Object.keys(now.counters).some(name => now.counters[name] < last.counters[name]);

const latest = () => readings.at(-1), earliest = () => readings[0];
const elapsed = () => latest().at - earliest().at;

// rate is how much a counter grew per second; null: there is one reading.
const rate = name => readings.length < 2 ? null : (latest().status.counters[name] - earliest().status.counters[name]) / elapsed();

// counts are how many values each bucket of a stage's histogram got meanwhile, by the buckets' ends in nanoseconds.
function counts(stage) {
  const { up_to, counts } = latest().stages.stages[stage], before = earliest().stages.stages[stage];
  const was = new Map(before.up_to.map((end, i) => [end, before.counts[i]]));
  return up_to.map((end, i) => [end, counts[i] - (was.get(end) || 0)]).filter(([, n]) => n > 0);
}

// middle is the value that stands for a bucket. A power of two is divided into 64 buckets, and values up to 128 have one each.
function middle(end) {
  const width = end <= 128 ? 1 : 2 ** (Math.floor(Math.log2(end - 1)) - 6);
  return end == 0 ? 0 : end - (width - 1) / 2;
}

// quantiles are how long requests took that were answered meanwhile, in seconds; null: none was.
function quantiles(stage, shares) {
  const all = readings.length < 2 ? [] : counts(stage), total = all.reduce((sum, [, n]) => sum + n, 0);
  return shares.map(share => {
    let left = Math.max(1, Math.ceil(share * total));
    for (const [end, n] of all) if ((left -= n) <= 0) return middle(end) / 1e9;
    return null;
  });
}

// shares are how much of its time a thread worked, polled and slept; null: there is one reading.
function shares(thread) {
  const before = earliest().status.thread_seconds.find(t => t.thread == thread.thread);
  const spent = [thread.working, thread.polling, thread.asleep], was = before ? [before.working, before.polling, before.asleep] : [0, 0, 0];
  const lately = spent.map((s, i) => s - was[i]), all = lately.reduce((a, b) => a + b);
  return lately.map(s => all > 0 ? s / all : null);
}
