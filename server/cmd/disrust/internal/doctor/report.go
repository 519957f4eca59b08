//go:build linux

package doctor

import (
	"fmt"
	"io"

	"github.com/disrust/disrust/server/cmd/disrust/internal/sheet"
)

// state is what a finding means.
type state string

const (
	ok      state = "ok"
	note    state = "note"    // costs something in some cases
	problem state = "problem" // keeps the daemon from what it does elsewhere
)

// finding is what the doctor says of one thing.
type finding struct {
	Name  string   `json:"name"`
	State state    `json:"state"`
	Seen  string   `json:"seen"`
	Costs string   `json:"costs"` // empty: nothing
	Mend  []string `json:"mend"`  // ways to mend it, each a command or a setting
}

// report is what the doctor says.
type report struct {
	Findings []finding `json:"findings"`
	Problems int       `json:"problems"`
	Notes    int       `json:"notes"`
}

// examine looks at everything.
func (m machine) examine(n need) report {
	r := report{Findings: []finding{
		m.kernel(), m.ioUring(), m.lockedMemory(), m.openFiles(n), m.cpuQuota(), m.memoryLimit(n), m.hugePages(),
		m.somaxconn(), m.busyPolling(), m.clock(), m.smt(), m.memoryNodes(),
	}}
	for i := range r.Findings {
		f := &r.Findings[i]
		switch f.State {
		case problem:
			r.Problems++
		case note:
			r.Notes++
		}
		if f.Mend == nil {
			f.Mend = []string{} // in JSON: none, and not null
		}
	}
	return r
}

// write writes the report for people. A command is a line of its own, however long, so that it can be copied.
func (r report) write(w io.Writer) {
	s := sheet.Sheet{W: w}
	for _, f := range r.Findings {
		s.Line(f.Name, "%s: %s", f.State, f.Seen)
		if f.Costs != "" {
			s.Line("", "%s", f.Costs)
		}
		for _, command := range f.Mend {
			fmt.Fprintf(w, "%18s%s\n", "", command)
		}
	}
	fmt.Fprintf(w, "\n%s, %s\n", sheet.Count(r.Problems, "problem", "problems"), sheet.Count(r.Notes, "note", "notes"))
}
