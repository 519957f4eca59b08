package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/disrust/disrust/server/cmd/disrust/internal/sheet"
	"github.com/disrust/disrust/wire"
)

// write writes the report for people.
func (r *report) write(w io.Writer) {
	s := sheet.Sheet{W: w}
	s.Line("model", "%s", r.Name)
	s.Line("file", "%s, %d bytes, SHA-256 %s", r.Format, r.FileBytes, r.SHA256[:12])
	if r.Objective != "" {
		s.Line("objective", "%s", r.Objective)
	}
	s.Line("made of", "%s", r.madeOf())
	s.Steps("stages", r.Stages)
	s.Line("memory", "%d bytes, loaded in %.1f ms", r.MemoryBytes, 1000*r.LoadSeconds)
	s.Line("a row", "%s, %s (%s)", sheet.Count(r.Features, "feature", "features"), sheet.Count(r.Outputs, "output", "outputs"), r.Output)
	if text := r.classes(); text != "" {
		s.Line("classes", "%s", text)
	}
	if r.Kernel != "" {
		s.Line("kernel", "%s", r.Kernel)
	}
	s.Line("cost here", "%v, on one thread", r.cost)
	s.Line("a request", "%s, or with --max-vectors up to %d", sheet.Count(r.MaxVectors, "vector", "vectors at most"), r.MostAtAll)
	for _, q := range r.Requests {
		s.Line("", "of %s: %d bytes, and the response %d", sheet.Count(q.Vectors, "vector", "vectors"), q.Request, q.Response)
	}
	for _, a := range r.Answers {
		s.Line("--output "+a.Output, "%s", a.text())
	}
	if r.GoldenRows > 0 {
		s.Line("golden vectors", "%s, and the scores are as they should be", sheet.Count(r.GoldenRows, "row", "rows"))
	}
	for _, n := range r.Notes {
		s.Line("note", "%s", n)
	}
}

// classes names the first ones, unless each is named by its index.
func (r *report) classes() string {
	const most = 20
	var all []string
	named := false
	for i, name := range r.Classes[:min(len(r.Classes), most)] {
		all = append(all, fmt.Sprintf("%d is %s", i, name))
		named = named || name != strconv.Itoa(i)
	}
	if !named {
		return ""
	}
	if more := len(r.Classes) - most; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

func (r *report) madeOf() string {
	if r.linear {
		return sheet.Count(r.Features, "weight", "weights") + " for each output, and where its sum starts"
	}
	if r.Trees == 0 && r.graph {
		return sheet.Count(len(r.Stages), "stage", "stages")
	}
	text := fmt.Sprintf("%s with %s, at most %s deep", sheet.Count(r.Trees, "tree", "trees"),
		sheet.Count(r.Leaves, "leaf", "leaves"), sheet.Count(r.Depth, "split", "splits"))
	switch {
	case r.UsedIterations < r.Iterations:
		text += fmt.Sprintf(", of %d of the %d iterations", r.UsedIterations, r.Iterations)
	case r.Iterations > 0:
		text += ", of all " + sheet.Count(r.Iterations, "iteration", "iterations")
	}
	return text
}

func (a answer) text() string {
	switch {
	case a.Refused != "":
		return "refused: " + a.Refused
	case a.Near > 0 && a.Output == wire.Class.String():
		return a.Equals + ", unless two scores are nearly equal"
	case a.Near > 0:
		return fmt.Sprintf("%s, usually within %v * (1 + the largest score of the output)", a.Equals, a.Near)
	case *a.Steps > 0:
		return fmt.Sprintf("%s, at most %s away", a.Equals, sheet.Count(*a.Steps, "float32 step", "float32 steps"))
	}
	return a.Equals + ", bit for bit"
}
