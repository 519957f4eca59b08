// What /history has said. A sample is an element of its lists: the answer that had it, and where in it.
const hour = 3600;
let past = { began: null, next: 0, every: 5, samples: [] };

// addPast appends what an answer has, which came at a time. It reports whether that follows what was there: else the
// answer is of another history, and the caller asks for all of it.
function addPast(answer, at) {
  const follows = past.began == answer.began && past.next + 1 == answer.first;
  if (!follows && past.next) {
    past = { began: null, next: 0, every: 5, samples: [] };
    return false;
  }
  const samples = answer.ago.map((ago, i) => ({ at: at - ago, seconds: answer.seconds[i], answer, i }));
  past = { began: answer.began, next: answer.first + answer.ago.length - 1, every: answer.every, samples: past.samples.concat(samples) };
  past.samples = past.samples.filter(s => s.at > at - hour);
  return true;
}

const counted = (s, name) => s.answer.counters[name][s.i];
const ratePast = name => s => s.seconds > 0 ? counted(s, name) / s.seconds : null;
const gaugePast = name => s => s.answer.gauges[name][s.i];
const stagePast = (stage, quantile) => s => s.answer.stages[stage][quantile][s.i];
const threadsPast = state => s => s.answer.threads[state][s.i];

// countedPast is how much a counter grew in the last hour; null: there is no history.
const countedPast = name => past.samples.length ? past.samples.reduce((sum, s) => sum + counted(s, name), 0) : null;
