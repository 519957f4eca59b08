//go:build linux

package subject

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/disrust/disrust/client/conformance"
)

// Script returns what a subject reads of a task.
func Script(task *conformance.Task) string {
	var b strings.Builder
	h := task.Hello
	name := cmp.Or(hex.EncodeToString([]byte(h.Model)), "-")
	fmt.Fprintf(&b, "hello %d %d %d %d %s\n", h.Dim, h.Outputs, h.Kind, h.MaxVectors, name)
	fmt.Fprintf(&b, "connect %d\noutputs %d\n", task.ConnectMillis, task.Server.Outputs)
	for _, calls := range task.Rounds {
		b.WriteString(Round(calls...))
	}
	return b.String()
}

// Round returns what a subject reads of a round. All rows of a call have the same length.
func Round(calls ...conformance.CallTask) string {
	var b strings.Builder
	fmt.Fprintf(&b, "round %d\n", len(calls))
	for _, call := range calls {
		fmt.Fprintf(&b, "%d %d %d", call.TimeoutMillis, len(call.Rows), len(call.Rows[0]))
		for _, row := range call.Rows {
			writeBits(&b, row)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func writeBits(b *strings.Builder, floats []float32) {
	for _, f := range floats {
		fmt.Fprintf(b, " %08x", math.Float32bits(f))
	}
}
