// The page asks again and again while it is visible.
const every = 1000, patience = 5000;
const now = () => performance.now() / 1000;

let timer, answered = null, lastPast = -Infinity, keepsPast = true, reloads = 0, reloaded = null;

// ask returns what a path of this port says. An error is a sentence.
async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(patience) });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(said.error || `/${path} answers ${answer.status}`), { status: answer.status });
}

async function poll() {
  clearTimeout(timer);
  const began = performance.now();
  try {
    const status = await ask("status"), stages = await ask("stages"); // one after the other, over one connection
    addReading({ at: now(), status, stages });
    await askPast();
    await askReload(status);
    show(status);
  } catch (error) {
    showSilence(error);
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, Math.max(100, every - (performance.now() - began)));
}

// askPast asks for the samples that there are since it last asked.
async function askPast() {
  if (!keepsPast || now() - lastPast < past.every) return;
  try {
    if (!addPast(await ask(past.next ? "history?after=" + past.next : "history"), now())) addPast(await ask("history"), now());
    lastPast = now();
  } catch (error) {
    if (error.status != 501) throw error;
    keepsPast = false; // the port is another handler than admin.Serve's
    document.getElementById("hour").hidden = true;
  }
}

// askReload asks when the model was loaded, if that was not at the start. It is not known if another reload was refused since.
async function askReload({ counters }) {
  if (counters.reloads == reloads) return;
  const { last } = await ask("model").catch(() => ({}));
  reloads = counters.reloads;
  reloaded = last && last.outcome == "swapped" ? Date.parse(last.started) + 1000 * last.seconds : null;
}

function show(status) {
  answered = new Date();
  document.body.classList.remove("stale");
  set("trouble", "");
  showHeader(status);
  showTiles(status);
  showStages();
  showThreads(status);
  showModel(status, reloads ? reloaded : status.started);
  showPressure(status);
  showCounts(status);
  drawCharts();
}

// showSilence says why there is nothing new. What is shown stays, and looks old.
function showSilence(error) {
  const why = error.status ? error.message : "The admin port does not answer: the server has ended, or cannot be reached.";
  const said = `${why} ${answered ? `What is shown is of ${answered.toLocaleTimeString()}. ` : ""}The page asks again every second.`;
  document.body.classList.add("stale");
  showState("silent");
  if (document.getElementById("trouble").textContent != said) set("trouble", said); // a screen reader need not say it again
}

addCharts(document.getElementById("curves"));
document.addEventListener("visibilitychange", () => document.hidden || poll());
poll();
