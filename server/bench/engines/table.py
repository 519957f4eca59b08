"""The table, in Markdown."""
import statistics

SIZES = {1: "1 row", 8: "8 rows", 64: "64 rows", 1024: "1,024 rows"}
LEGEND = """\
Microseconds per row, one thread, by rows per call: the median of {rounds} rounds (the lowest to the highest). Behind it
stands disrust's time divided by this engine's: below 1, disrust is faster. "bits": the answers, as float32, have the bits of the
library's own; "within 1e-5": of 1 + the answer; "own trees": a program in C without a model, which draws trees and rows."""


def markdown(results, rounds):
    lines = [LEGEND.format(rounds=rounds), "",
             "| model | engine | answers | " + " | ".join(SIZES.values()) + " | call |",
             "|---|---|---|" + "---|" * len(SIZES) + "---|"]
    for result in results:
        ours = result["engines"][:1]  # disrust is the first
        for i, e in enumerate(result["engines"]):
            model = result["what"] if i == 0 else ""
            cells = " | ".join(cell(e, *ours, size) for size in SIZES)
            lines.append(f"| {model} | {e['title']} | {e['answers']} | {cells} | {e['call']} |")
    absent = [f"- {r['model']}: {a['engine']}: {a['why']}" for r in results for a in r["absent"]]
    if absent:
        lines += ["", "Left out:", "", *absent]
    return "\n".join(lines) + "\n"


def cell(engine, ours, size):
    times = engine["micros"][str(size)]
    middle = statistics.median(times)
    text = f"{number(middle)} ({number(min(times))} to {number(max(times))})"
    if engine is ours:
        return text
    return f"{text}; {statistics.median(ours['micros'][str(size)]) / middle:.2g}"


def number(x):
    """Three digits of a number, as people write it."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 0.1 else f"{x:.3f}"
