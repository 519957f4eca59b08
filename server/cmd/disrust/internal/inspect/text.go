package inspect

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/sheet"
)

// write writes the report for people.
func (r *report) write(w io.Writer) {
	s := sheet.Sheet{W: w}
	s.Line("model", "%s, %s, SHA-256 %s", r.Name, r.Format, r.SHA256[:12])
	if r.Objective != "" {
		s.Line("objective", "%s", r.Objective)
	}
	s.Steps("stages", r.Stages)
	if len(r.Parameters) > 0 {
		fmt.Fprintln(w, "\nparameters in the file")
		s.Line("", "%s", r.parameters())
	}
	if r.Trees > 0 {
		fmt.Fprintf(w, "\n%s with %s\n", sheet.Count(r.Trees, "tree", "trees"), sheet.Count(r.Leaves, "leaf", "leaves"))
		histogram(w, "splits deep", r.TreesByDepth)
		histogram(w, "leaves", r.TreesByLeaves)
	}
	fmt.Fprintln(w)
	if r.Categories != "" {
		s.Line("categories", "%s", r.Categories)
		fmt.Fprintln(w)
	}
	switch {
	case r.Starts != nil:
		r.writeWeights(w)
	case r.Features[0].Use != nil:
		r.writeFeatures(w)
	default:
		s.Line("features", "%d. Their names, splits and gains are not known of this format.", len(r.Features))
	}
}

// parameters writes those that are set, side by side.
func (r *report) parameters() string {
	var set []string
	for _, p := range r.Parameters {
		if p.Value != "" {
			set = append(set, p.Name+"="+p.Value)
		}
	}
	return strings.Join(set, "  ")
}

// histogram writes a line for each bin.
func histogram(w io.Writer, of string, bins []bin) {
	const longest = 50
	most := 1
	for _, b := range bins {
		most = max(most, b.Trees)
	}
	t := table(w, tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\ttrees\t\n", of)
	for _, b := range bins {
		values := strconv.Itoa(b.Low)
		if b.High > b.Low {
			values += " to " + strconv.Itoa(b.High)
		}
		fmt.Fprintf(t, "%s\t%d\t  %s\n", values, b.Trees, strings.Repeat("#", (b.Trees*longest+most-1)/most))
	}
	t.Flush()
}

func (r *report) writeFeatures(w io.Writer) {
	t := table(w, 0)
	fmt.Fprintln(t, "column\tname\tsplits\tgain\tmissing values, categories")
	for _, f := range r.Features {
		fmt.Fprintf(t, "%d\t%s\t%d\t%s\t%s\n", f.Column, f.label(), f.Splits, f.gain(), f.rules())
	}
	t.Flush()
}

// gain writes what the splits gained, if the file says it.
func (u *Use) gain() string {
	if u.Gain == nil {
		return "-"
	}
	return short(*u.Gain)
}

// rules writes what a split does with a missing value, and how many splits are by category.
func (f *feature) rules() string {
	if f.Splits == 0 {
		return "no split"
	}
	text := strings.Join(f.Missing, ", ")
	if f.Categorical > 0 {
		text += fmt.Sprintf("; %d by category", f.Categorical)
	}
	return text
}

func (r *report) writeWeights(w io.Writer) {
	t := table(w, 0)
	fmt.Fprintln(t, "column\tname\tweight of each output")
	for _, f := range r.Features {
		fmt.Fprintf(t, "%d\t%s\t%s\n", f.Column, f.label(), list(f.Weights))
	}
	fmt.Fprintf(t, "\t\t%s, where the sums start\n", list(r.Starts))
	t.Flush()
}

func table(w io.Writer, flags uint) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', flags)
}

// label is the name in the file, in which nothing can break the table.
func (f *feature) label() string {
	const most = 40
	name := []rune(flags.OneLine(f.Name))
	if len(name) > most {
		return string(name[:most-3]) + "..."
	}
	return string(name)
}

func short(n command.Number) string { return strconv.FormatFloat(float64(n), 'g', 7, 64) }

func list(all []command.Number) string {
	const most = 5
	var texts []string
	for i, n := range all {
		if i == most && len(all) > most+1 {
			texts = append(texts, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		texts = append(texts, short(n))
	}
	return strings.Join(texts, " ")
}
