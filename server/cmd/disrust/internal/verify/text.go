package verify

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// write says the result in one screen.
func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", r.File, r.Model)
	fmt.Fprintf(w, "%s of %s under --output %s\n", count(r.Rows, "row"), count(int64(r.Outputs), "score"), r.Output)
	if r.Rounded {
		fmt.Fprintln(w, "The expected scores are float64: each was rounded to float32, once.")
	}
	if r.Different == 0 {
		fmt.Fprintf(w, "equal: all %s have the expected bits\n", count(r.Scores, "score"))
		return
	}
	fmt.Fprintf(w, "different: %d of %s, in %s\n", r.Different, count(r.Scores, "score"), count(r.RowsDifferent, "row"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "  equal bits\t%d\n", r.Equal)
	if r.OneNaN > 0 {
		fmt.Fprintf(table, "  only one is NaN\t%d\n", r.OneNaN)
	}
	if r.Largest != nil {
		fmt.Fprintf(table, "  largest difference\t%s\t%s\n", r.Largest.Difference, r.Largest.where())
		fmt.Fprintf(table, "  most float32 steps\t%d\t%s\n", r.Farthest.Steps, r.Farthest.where())
	}
	table.Flush()
	if r.AsPromised {
		fmt.Fprintln(w, r.promise)
	}
	if !r.near() {
		r.First.write(w, r.Output)
	}
}

func (p *place) where() string {
	return fmt.Sprintf("row %d, output %d: expected %s, disrust has %s", p.Row, p.Output, p.Expected, p.Got)
}

// count writes a number of things.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (f *first) write(w io.Writer, output string) {
	fmt.Fprintf(w, "\nRow %d is the first that differs. Output %d: expected %s, disrust has %s.\n",
		f.Row, f.Output, f.Expected[f.Output], f.Got[f.Output])
	e := f.Explanation
	switch {
	case f.linear:
		fmt.Fprintln(w, "The model is linear: there is no tree to show.")
		return
	case e == nil:
		fmt.Fprintln(w, "What explains the difference is not searched for in this format.")
		return
	}
	e.writeHints(w, f.Row)
	e.writeVerdict(w)
	if output == "class" {
		fmt.Fprintln(w, "Many changes give the same class: --output raw says more.")
	}
	e.writePath(w, f.Row)
}

func (e *explanation) writeHints(w io.Writer, row int64) {
	if e.Iterations > 0 {
		fmt.Fprintf(w, "What is expected of row %d is its score with --iterations %d.\n", row, e.Iterations)
	}
	if e.Output != "" {
		fmt.Fprintf(w, "What is expected of row %d is its score with --output %s.\n", row, e.Output)
	}
}

func (e *explanation) writeVerdict(w io.Writer) {
	switch e.Explains {
	case "split":
		n := &e.Path[e.Parts]
		fmt.Fprintf(w, "Node %d of tree %d alone explains it: if the row went %s there, the scores would be as expected.\n",
			n.Number, e.Tree, side(!n.Left))
	case "leaf":
		fmt.Fprintf(w, "Tree %d alone explains it: with leaf %d instead of leaf %d, the scores would be as expected.\n",
			e.Tree, e.Other.Number, e.Leaf.Number)
	default:
		fmt.Fprintln(w, "No other leaf of a single tree explains it.")
	}
	if e.CutOff {
		fmt.Fprintln(w, "The search stopped before it had tried all leaves.")
	}
	if e.Others > 0 {
		fmt.Fprintf(w, "So would a change in %s after it.\n", count(int64(e.Others), "other tree"))
	}
}

// pathLines is how many nodes of a path are shown.
const pathLines = 16

func (e *explanation) writePath(w io.Writer, row int64) {
	if e.Explains == "" && len(e.Path) == 0 {
		return
	}
	fmt.Fprintf(w, "\nThe path of row %d through tree %d:\n", row, e.Tree)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range e.Path {
		if hidden := len(e.Path) - pathLines; hidden > 0 && e.hides(i) {
			if i == 0 || !e.hides(i-1) {
				fmt.Fprintln(table, "  ...")
			}
			continue
		}
		n := &e.Path[i]
		note := ""
		if i == e.Parts {
			note = ": here the paths part"
		}
		fmt.Fprintf(table, "  node %d\t%s = %s\tleft if %s\t%s\tgoes %s%s\n", n.Number, n.Name, n.Value, n.condition(), n.Missing, side(n.Left), note)
	}
	fmt.Fprintf(table, "  leaf %d\tvalue %v\n", e.Leaf.Number, e.Leaf.Value)
	if e.Other != nil {
		fmt.Fprintf(table, "instead of\n  leaf %d\tvalue %v\n", e.Other.Number, e.Other.Value)
	}
	table.Flush()
}

// hides reports whether a node of a long path is left out: one that is far from its ends and from
// where the paths part.
func (e *explanation) hides(i int) bool {
	const near = pathLines / 4
	distance := i - e.Parts
	return i >= near && i < len(e.Path)-near && (e.Parts < 0 || max(distance, -distance) >= near)
}

func side(left bool) string {
	if left {
		return "left"
	}
	return "right"
}
