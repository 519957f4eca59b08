package metrics

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "github.com/disrust/disrust/server/internal/testflag"
	"pgregory.net/rapid"
)

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"Conns": "conns", "IOUring": "io_uring", "RequestRingFull": "request_ring_full", "MaxP99": "max_p99", "UseIO": "use_io",
	} {
		if got := snakeCase(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestNamesDiffer: no two metrics have the same name, so that no field of one struct hides a
// field of another.
func TestNamesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range append(Table(), stall) {
		if seen[m.Name] {
			t.Errorf("there are two metrics %s", m.Name)
		}
		seen[m.Name] = true
		if strings.HasSuffix(m.Help, ".") || strings.Contains(m.Help, "|") {
			t.Errorf("%s: the help ends with a full stop or breaks a table: %q", m.Name, m.Help)
		}
	}
}

// TestMistakesPanic: the program panics when it starts if a declaration does not fit Words or
// the tables.
func TestMistakesPanic(t *testing.T) {
	type wrongType struct {
		A uint64 `unit:"u" help:"h"`
		B uint32 `unit:"u" help:"h"`
	}
	type noUnit struct {
		A uint64 `help:"h"`
	}
	type noHelp struct {
		A uint64 `unit:"u"`
	}
	for name, mistake := range map[string]func(){
		"type": func() { describe[wrongType, uint64](Counter) },
		"unit": func() { describe[noUnit, uint64](Counter) },
		"help": func() { describe[noHelp, uint64](Counter) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "metrics: ") {
					t.Errorf("panicked with %q, want a sentence", s)
				}
			}()
			mistake()
		})
	}
}

var assignment = regexp.MustCompile(`(\S+)=(\S+)`)

// TestLine draws two snapshots and reads the line back. The line must show counters as
// differences, peaks and gauges as they are, and each metric once.
func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var now, last Snapshot
		var peaks Peaks
		want := make(map[string]string)
		for i, m := range counterTable {
			before, more := rapid.Uint32().Draw(t, "before"), rapid.Uint32().Draw(t, "more")
			last.Counters.Words()[i], now.Counters.Words()[i] = uint64(before), uint64(before)+uint64(more)
			want[m.Name] = strconv.FormatUint(uint64(more), 10)
		}
		for i, m := range gaugeTable {
			v := rapid.Int64().Draw(t, "gauge")
			now.Gauges.Words()[i], want[m.Name] = v, strconv.FormatInt(v, 10)
		}
		for i, m := range peakTable {
			v := rapid.Int64().Draw(t, "peak")
			peaks.Words()[i], want[m.Name] = v, strconv.FormatInt(v, 10)
		}
		got := assignment.FindAllStringSubmatch(Line(now, last, peaks), -1)
		if len(got) != len(want)+1 { // one more: stall_pct
			t.Fatalf("%d metrics on the line, want %d", len(got), len(want)+1)
		}
		for _, match := range got {
			if match[1] != stall.Name && match[2] != want[match[1]] {
				t.Fatalf("%s, want %s", match[0], want[match[1]])
			}
		}
	})
}

func TestStallPct(t *testing.T) {
	for _, c := range []struct {
		batches, empty uint64
		want           string
	}{{0, 0, "0.0"}, {3, 1, "25.0"}, {0, 7, "100.0"}, {5, 0, "0.0"}} {
		now := Snapshot{Counters: Counters{Batches: 10 + c.batches, EmptyPolls: 10 + c.empty}}
		last := Snapshot{Counters: Counters{Batches: 10, EmptyPolls: 10}}
		if got := Line(now, last, Peaks{}); !strings.Contains(got, " stall_pct="+c.want+" ") {
			t.Errorf("%d batches and %d empty polls: %q, want %s", c.batches, c.empty, got, c.want)
		}
	}
}

// TestExposedNames: no two metrics have one name at /metrics, and each has the ending of its kind.
func TestExposedNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range Table() {
		if seen[m.Exposed] {
			t.Errorf("there are two metrics %s", m.Exposed)
		}
		seen[m.Exposed] = true
		if total := strings.HasSuffix(m.Exposed, "_total"); total != (m.Kind == Counter) || !strings.HasPrefix(m.Exposed, "disrust_") {
			t.Errorf("%s is %s at /metrics", m.Name, m.Exposed)
		}
	}
	for name, want := range map[string]string{"requests": "disrust_requests_total", "accepted": "disrust_connections_accepted_total", "pool_bytes": "disrust_pool_bytes"} {
		if i := slices.IndexFunc(Table(), func(m Metric) bool { return m.Name == name }); Table()[i].Exposed != want {
			t.Errorf("%s is %s at /metrics, want %s", name, Table()[i].Exposed, want)
		}
	}
}

// TestRaise: each peak becomes the higher of two.
func TestRaise(t *testing.T) {
	p := Peaks{MaxInFlight: 3, MaxPoolBytes: 5}
	p.Raise(Peaks{MaxInFlight: 2, MaxResponses: 1, MaxPoolBytes: 7})
	if want := (Peaks{MaxInFlight: 3, MaxResponses: 1, MaxPoolBytes: 7}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
}
