//go:build linux

package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/client/languages/subject"
)

// GivesUp: calls to a daemon that is stopped end with their timeouts, and later ones are answered on the connection
// that was there. begin starts the subject with a client for an address. The subject writes waited to its standard
// error when a call gives up whose rows were sent. GivesUp returns once a call has.
func GivesUp(t *testing.T, disrust string, begin func(t *testing.T, addr string) *subject.Program, waited string) *subject.Program {
	t.Helper()
	d := start(t, disrust, "--port", "0")
	s := begin(t, d.Addr)
	ask := func(calls, millis int, outcome string) {
		call := conformance.CallTask{
			Rows: slices.Repeat([][]float32{slices.Repeat([]float32{1}, dim)}, 64), TimeoutMillis: millis,
			Outcome: outcome, Scores: slices.Repeat([]float32{dim}, 64), Identity: strings.Repeat("0", 64),
		}
		all := slices.Repeat([]conformance.CallTask{call}, calls)
		s.Write(t, subject.Round(all...))
		if faults := subject.Judge(all, s.Lines(t, calls)); len(faults) > 0 {
			t.Fatalf("%d calls with a timeout of %d ms: %.1000s", calls, millis, fmt.Sprint(faults))
		}
	}
	ask(1, 0, conformance.Scored)
	check(t, d.Suspend())
	for millis := 20; ; millis *= 2 {
		ask(200, millis, conformance.TimedOut) // 6 MiB: more than sockets hold
		if strings.Contains(s.Said.String(), waited) {
			break
		}
	}
	check(t, d.Resume())
	ask(1, 0, conformance.Scored)
	if served := d.Stderr.String(); strings.Contains(served, "protocol") {
		t.Errorf("the daemon says %s", served)
	}
	return s
}
