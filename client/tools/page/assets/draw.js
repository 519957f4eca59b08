const charts = JSON.parse(document.getElementById("data").textContent);

// What is drawn, so that it can be drawn again when the width changes.
let drawn = [];

// The chart library draws when the script has ended. The last chart to draw finds
// all in their places, and each figure tells where its plot is and what it shows.
function tell() {
  for (const { figure, chart, plot, told } of drawn) {
    const r = plot.over.getBoundingClientRect();
    figure.dataset.drawn = JSON.stringify({
      left: r.left + scrollX, top: r.top + scrollY, width: r.width, height: r.height,
      logarithmic: chart.y.log > 0, lines: told,
    });
  }
}

function draw() {
  drawn.forEach(d => d.plot.destroy());
  drawn = [];
  for (const chart of charts) {
    const figure = document.getElementById(chart.id), place = figure.querySelector(".plot");
    place.replaceChildren();
    delete figure.dataset.drawn;
    const made = chart.bars ? barChart(chart, place) : lineChart(chart, place);
    if (!made) {
      place.classList.add("empty");
      place.textContent = "Nothing was measured.";
      continue;
    }
    made.plot.hooks.draw.push(tell);
    drawn.push({ figure, place, chart, ...made });
  }
}

const fit = width => drawn.forEach(({ place, plot, height }) => plot.setSize({ width: width(place), height: height() }));
const wide = document.querySelector("main").classList.contains("wide");

draw();
addEventListener("resize", () => fit(place => place.clientWidth));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
// On paper: light, and as wide as A4 within its margins, which the style turns on
// its side for charts beside one another.
addEventListener("beforeprint", () => {
  document.documentElement.dataset.theme = "light";
  draw();
  fit(() => wide ? 480 : 660);
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.theme;
  draw();
});
