package top

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/admin"
	"pgregory.net/rapid"
)

// TestReading is one reading with all its figures. Its requests are those of the interval; peaks and trouble are
// those since the start.
func TestReading(t *testing.T) {
	f := newFake()
	for range 1000 {
		f.request(time.Second)
	}
	f.Counters["refused"], f.Counters["model_failures"], f.Counters["pool_full"] = 7, 2, 5
	f.ThreadSeconds = []admin.ThreadSeconds{{Thread: "io-0", Working: 10, Polling: 20, Asleep: 30}, {Thread: "batch", Asleep: 60}}
	before := f.sample(t, start)
	for range 199 {
		f.request(time.Microsecond)
	}
	f.request(time.Millisecond)
	f.Counters["received_bytes"], f.Counters["sent_bytes"] = 24000, 1600
	f.Counters["refused"], f.Counters["pool_full"] = 8, 45
	f.ThreadSeconds[0] = admin.ThreadSeconds{Thread: "io-0", Working: 11, Polling: 20.6, Asleep: 30.4}
	f.ThreadSeconds[1].Asleep = 62
	f.Gauges["conns"], f.Gauges["in_flight"], f.Gauges["pool_bytes"] = 64, 12, 3<<19
	f.Peaks["max_in_flight"], f.Peaks["max_pool_bytes"] = 120, 5<<20
	const want = `server      ready, up 1h00m, io_uring, at here:1
model       fraud: LightGBM text v4, 8 features, 1 output, 0123456789ab

rate            100 requests/s     300 vectors/s  12.0 kB/s in    800 B/s out

latency            p50       p99     p99.9      most
read            996 ns    996 ns   1.00 ms   1.00 ms
wait            996 ns    996 ns   1.00 ms   1.00 ms
score           996 ns    996 ns   1.00 ms   1.00 ms
send            996 ns    996 ns   1.00 ms   1.00 ms
whole          3.98 µs   3.98 µs   4.01 ms   4.01 ms

threads       working  polling   asleep
io-0             50 %     30 %     20 %
batch             0 %      0 %    100 %

pressure          now       of     most       of
connections        64      100        -        -
in flight          12    65536      120     8192
pool         1.50 MiB 32.0 MiB 5.00 MiB 16.0 MiB
waits/s     pool 20
trouble     model failures 2, refused connections 8 (+1)
`
	if got := figures(compare(before, f.sample(t, start.Add(2*time.Second)))); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestRestart: of an interval in which another process began to answer nothing is said, however much that has
// counted. The one after it has its own figures.
func TestRestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake()
		for range rapid.IntRange(0, 5).Draw(rt, "before") {
			f.request(time.Millisecond)
		}
		f.ThreadSeconds = []admin.ThreadSeconds{{Thread: "io-0", Asleep: rapid.Float64Range(0, 100).Draw(rt, "slept")}}
		before := f.sample(t, start)
		f = newFake()
		f.started = start.Add(time.Second)
		for range rapid.IntRange(0, 10).Draw(rt, "after") {
			f.request(time.Microsecond)
		}
		f.ThreadSeconds = []admin.ThreadSeconds{{Thread: "io-0", Working: 1, Asleep: 50}}
		after := f.sample(t, start.Add(2*time.Second))
		said := figures(compare(before, after))
		if !strings.Contains(said, " - requests/s") || !strings.Contains(said, "\nwaits/s     -\n") {
			rt.Errorf("%s", said)
		}
		for _, row := range []string{"whole", "io-0"} {
			_, rest, _ := strings.Cut(said, "\n"+row)
			if line, _, _ := strings.Cut(rest, "\n"); strings.Trim(line, " -") != "" {
				rt.Errorf("%s: %q", row, line)
			}
		}
		f.request(time.Microsecond)
		if said := figures(compare(after, f.sample(t, start.Add(3*time.Second)))); !strings.Contains(said, " 1 requests/s") {
			rt.Errorf("%s", said)
		}
	})
}

// TestShrunk: a counter that shrinks is of another process, although the start is the same, as where a program
// serves again. So is a start that is no longer known.
func TestShrunk(t *testing.T) {
	f := newFake()
	f.request(time.Second)
	before := f.sample(t, start)
	f.Counters["requests"]--
	if r := compare(before, f.sample(t, start.Add(time.Second))); !r.restarted {
		t.Error("a counter that shrinks is no restart")
	}
	f.Counters["requests"]++
	f.Status.Started = nil
	if r := compare(before, f.sample(t, start.Add(time.Second))); !r.restarted {
		t.Error("a start that is no longer known is no restart")
	}
	if said := figures(compare(before, before)); !strings.Contains(said, " - requests/s") {
		t.Errorf("an interval of no length has a rate: %s", said)
	}
	starting := sample{at: start}
	if r := compare(starting, before); r.restarted {
		t.Error("the end of a start is a restart")
	}
}

// FuzzReading: whatever a server answers, it has a reading, and every screen of it as many lines as there is
// room for.
func FuzzReading(f *testing.F) {
	text, err := json.Marshal(newFake().Status)
	check(f, err)
	f.Add(text, []byte(`{"stages":{"read":{"up_to":[1,2],"counts":[3]}}}`), byte(80), byte(24))
	f.Add([]byte(`{"state":"\u001b[2J","flags":{"pool-mib":"-1"},"thread_seconds":[{"thread":"a","working":-1}],"counters":{"refused":1}}`),
		[]byte(`{"stages":{"whole":{"up_to":[18446744073709551615],"counts":[1,2],"sum":-1e300}}}`), byte(0), byte(0))
	f.Fuzz(func(t *testing.T, status, stages []byte, width, height byte) {
		now := sample{at: start}
		if json.Unmarshal(status, &now.status) != nil || json.Unmarshal(stages, &now.stages) != nil {
			return
		}
		for _, before := range []sample{{}, newFake().sample(t, start.Add(-time.Second)), now} {
			s := &screen{glyphs: &ascii, history: history{span: historySpan}, shown: compare(before, now)}
			if got, most := len(s.lines(int(width), int(height))), max(1, int(height)); got != most {
				t.Fatalf("%d lines, %d have room", got, most)
			}
		}
	})
}
