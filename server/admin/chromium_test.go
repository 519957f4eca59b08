//go:build chromium

package admin

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

var update = flag.Bool("update", false, "write the picture of the page that the README shows")

// hostile is what a page must not take for HTML.
const hostile = `<script>fail()</script><img src=x onerror=fail()>`

// anHour is a source that has served for an hour, with a history of it: a load that comes and goes, and five minutes without
// requests, 20 minutes ago.
func anHour(name string) (*fake, *history) {
	now := time.Now()
	f := &fake{state: Ready, model: &Model{
		Name: name, Identity: strings.Repeat("ea6c28b3", 8), Format: "LightGBM text v4", Source: "/srv/models/fraud.txt",
		About: "100 trees, kernel avx512", Dim: 28, Outputs: 1, Kind: "probability", MaxVectors: 64,
	}}
	f.times = []metrics.ThreadTime{{Thread: "io-0"}, {Thread: "io-1"}, {Thread: "batch"}}
	h := newHistory(f, now.Add(-time.Hour-time.Second))
	for i := range mostSamples {
		f.advance(i)
		h.take(now.Add(time.Duration(i-mostSamples+1) * sampleEvery))
	}
	return f, h
}

// advance does what happens in the i-th interval of an hour.
func (f *fake) advance(i int) {
	f.times = slices.Clone(f.times) // the history has those before
	load := uint64(30_000 + 1500*((i*37)%11) + 60*min(i, 400))
	if i >= 420 && i < 480 {
		load = 0
	}
	for t := range f.times {
		busy := time.Duration(load) * sampleEvery / 120_000
		f.times[t].Working += busy
		f.times[t].Polling += (sampleEvery - busy) / 4
		f.times[t].Asleep += (sampleEvery - busy) * 3 / 4
	}
	f.now.Requests, f.now.Answers, f.now.Vectors = f.now.Requests+load, f.now.Answers+load, f.now.Vectors+4*load
	f.now.ReceivedBytes, f.now.SentBytes = f.now.ReceivedBytes+452*load, f.now.SentBytes+20*load
	f.now.Conns = int64(24 + i%7 + i/90)
	if i%200 == 150 {
		f.now.Refused += 3
	}
	f.peaks = metrics.Peaks{MaxInFlight: 812, MaxResponses: 96, MaxPoolBytes: 1 << 20}
	for stage, base := range []uint64{900, 4000, 11_000, 2500} {
		f.stages.Stage[stage].Add(base, load*90/100)
		f.stages.Stage[stage].Add(base*2+uint64(i%13)*100, load*98/1000)
		f.stages.Stage[stage].Add(base*9, load*2/1000)
	}
	f.stages.Whole.Add(19_000, load*90/100)
	f.stages.Whole.Add(42_000+uint64(i%13)*900, load*98/1000)
	f.stages.Whole.Add(160_000, load*2/1000)
}

// moving is a source that does more whenever it is asked for its status.
type moving struct {
	mu sync.Mutex
	*fake
	turn int
}

func (m *moving) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	m.advance(m.turn % 400)
	s := m.fake.Status()
	started := time.Now().Add(-90 * time.Minute).Truncate(24 * time.Hour)
	s.Started, s.Addresses, s.IO = &started, []string{"10.0.0.7:9900", "unix:/run/disrust/disrust.sock"}, IO{Backend: "io_uring"}
	s.Flags = map[string]string{"request-ring": "65536", "response-ring": "8192", "pool-mib": "16"}
	return s
}

func (m *moving) Stages(to *metrics.Stages) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fake.Stages(to)
}

func (m *moving) Metrics() metrics.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fake.Metrics()
}

func (m *moving) ThreadTimes() []metrics.ThreadTime {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fake.ThreadTimes()
}

// TestPageLooks: in light and in dark, on a phone and on a desk, the page shows the last hour and now. Nothing is wider than
// the window, a name is text, whatever it says, and the browser has nothing to complain of.
func TestPageLooks(t *testing.T) {
	f, h := anHour("fraud")
	source := &moving{fake: f}
	s := httptest.NewServer(newHandler(source, Options{}, h.past))
	defer s.Close()
	b := newTab(t)
	for _, width := range []int{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.show(width, scheme)
			b.open(s.URL + "/")
			b.await(`document.querySelector("#requests").textContent.includes("k/s")`)
			b.await(`document.querySelectorAll("#curves .line").length >= 6`)
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: the page is %d wide, of %d", scheme, wide, width)
			}
			picture := b.picture()
			image, err := png.Decode(bytes.NewReader(picture))
			check(t, err)
			back := color.GrayModel.Convert(image.At(3, 3)).(color.Gray)
			if dark := back.Y < 60; dark != (scheme == "dark") {
				t.Errorf("%s: the background has brightness %d of 255", scheme, back.Y)
			}
			if *update {
				check(t, os.WriteFile(fmt.Sprintf("/tmp/page-%d-%s.png", width, scheme), picture, 0o644))
			}
		}
	}
	for _, c := range b.complaints(s.URL + "/") {
		t.Error(c)
	}
}

var _ = context.Background
var _ = net.Listen
var _ = server.DefaultConfig
var _ wire.Identity
