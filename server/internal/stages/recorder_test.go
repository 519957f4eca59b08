//go:build linux

package stages

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/server/metrics"
	"pgregory.net/rapid"
)

// drawRecord draws a record and when its answers were sent. The stamps are in order, unless mixed.
func drawRecord(t *rapid.T, mixed bool) (rec Record, sent int64) {
	stamps := make([]int64, 5)
	for i := range stamps {
		stamps[i] = rapid.Int64Range(0, 1<<rapid.IntRange(1, 39).Draw(t, "bits")).Draw(t, "stamp")
	}
	if !mixed {
		slices.Sort(stamps)
	}
	return Record{
		Key: rapid.Uint64().Draw(t, "key"), Delivered: stamps[0], Parsed: stamps[1], Begun: stamps[2], Scored: stamps[3],
		Requests: rapid.Uint32Range(1, 100).Draw(t, "requests"), Vectors: rapid.Uint32Range(1, 6400).Draw(t, "vectors"),
	}, stamps[4]
}

// TestRecorder: others see what plain histograms have counted.
func TestRecorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, want := New(), new(metrics.Stages)
		for range rapid.IntRange(0, 200).Draw(t, "records") {
			rec, sent := drawRecord(t, false)
			r.Sent(&rec, sent)
			r.Batch(rec.Vectors)
			n := uint64(rec.Requests)
			for i, ends := range [][2]int64{{rec.Delivered, rec.Parsed}, {rec.Parsed, rec.Begun}, {rec.Begun, rec.Scored}, {rec.Scored, sent}} {
				want.Stage[i].Add(uint64(ends[1]-ends[0]), n)
			}
			want.Whole.Add(uint64(sent-rec.Delivered), n)
			want.BatchVectors.Add(uint64(rec.Vectors), 1)
		}
		r.Publish()
		got := new(metrics.Stages)
		r.AddTo(got)
		if *got != *want {
			t.Fatal("others see something else than what was counted")
		}
	})
}

// TestMixedStamps: stamps of clocks that differ make no stage negative. If the whole is not, the stages are the whole.
func TestMixedStamps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec, sent := drawRecord(t, true)
		sum := int64(0)
		for i, d := range rec.durations(sent) {
			if int64(d) < 0 {
				t.Fatalf("%s takes %d", metrics.Stage(i), int64(d))
			}
			sum += int64(d)
		}
		if last := max(rec.Delivered, min(rec.Parsed, rec.Begun), rec.Begun, rec.Scored, sent); sum != last-rec.Delivered {
			t.Fatalf("the stages of %+v take %d", rec, sum)
		}
	})
}

// read makes the records of TestSlow: a read that takes whole nanoseconds, and is the number-th.
func (r *Recorder) read(number, whole int64) (slow bool) {
	rec := Record{Key: uint64(number), Delivered: number, Parsed: number + 1, Begun: number + 2, Scored: number + 3, Requests: 1, Vectors: 2}
	sent := number + whole
	if slow = r.Sent(&rec, sent); slow {
		r.NoteSlow(&rec, sent, peerOfRead(number))
	}
	return slow
}

func peerOfRead(number int64) netip.Addr {
	switch number % 3 {
	case 0:
		return netip.AddrFrom4([4]byte{10, 0, byte(number >> 8), byte(number)})
	case 1:
		return netip.AddrFrom16([16]byte{0xfd, 14: byte(number >> 8), 15: byte(number)})
	}
	return netip.Addr{}
}

// TestSlow: reads beyond the quantile 0.999 of the window before are kept, and others are not. After
// moreSlow of them the threshold doubles until the window ends.
func TestSlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, start := New(), time.Unix(1000, 0)
		limit, number, noted := int64(-1), int64(0), 0
		var kept []int64
		for range rapid.IntRange(1, 4).Draw(t, "windows") {
			size, now := window, new(metrics.Histogram)
			if limit < 0 {
				size = firstWindow
			}
			level := rapid.Int64Range(100, 1<<20).Draw(t, "level")
			rate := rapid.Int64Range(1, 3000).Draw(t, "rate")
			for i := range size {
				number++
				whole := level + number%7
				if number%rate == 0 {
					whole *= 1 + number%5
				}
				now.Add(uint64(whole), 1)
				if i == size-1 { // this read sets the threshold, which applies to it: it is the first of the next window
					limit = atMost(now)
					noted = 0
				}
				want := limit >= 0 && whole > limit
				if got := r.read(number, whole); got != want {
					t.Fatalf("read %d of %d takes %d, with the threshold %d and %d noted; slow: %v", number, size, whole, limit, noted, got)
				}
				if !want {
					continue
				}
				kept = append(kept, number)
				if noted++; noted == moreSlow {
					limit, noted = 2*limit, 0
				}
			}
		}
		kept = kept[max(0, len(kept)-SlowReads):]
		got := map[int64]metrics.Slow{}
		for _, s := range r.Slow("io-3", start) {
			got[int64(s.Connection)] = s
		}
		if len(got) != len(kept) {
			t.Fatalf("%d slow reads, want %d", len(got), len(kept))
		}
		for _, number := range kept {
			s := got[number]
			if s.Thread != "io-3" || !s.When.Equal(start.Add(time.Duration(number))) || s.Peer != peerOfRead(number) || s.Requests != 1 || s.Vectors != 2 ||
				s.Stage[metrics.Read] != 1 || s.Stage[metrics.Score] != 1 || s.Whole() != s.Stage[metrics.Send]+3 {
				t.Fatalf("read %d is %+v", number, s)
			}
		}
	})
}

// atMost returns the end of the bucket that one value in slowShare exceeds, computed from the top of the sorted values.
func atMost(h *metrics.Histogram) int64 {
	var all []int
	for bucket, n := range h.Filled() {
		all = append(all, slices.Repeat([]int{bucket}, int(n))...)
	}
	_, high := metrics.Bounds(all[len(all)-1-len(all)/slowShare])
	return int64(high)
}

// TestSlowWraps: of more slow reads than are kept, the last ones are.
func TestSlowWraps(t *testing.T) {
	r := New()
	const all = SlowReads + 100
	for i := range all {
		r.NoteSlow(&Record{Key: uint64(i + 1)}, 1, netip.Addr{})
	}
	slow := r.Slow("", time.Time{})
	if len(slow) != SlowReads {
		t.Fatalf("%d slow reads, want %d", len(slow), SlowReads)
	}
	for _, s := range slow {
		if s.Connection <= all-SlowReads {
			t.Fatalf("read %d is kept", s.Connection)
		}
	}
}

// TestReaders: others read while the thread counts. Under the race detector this shows that they may. What they get of a
// slow read is of one read.
func TestReaders(t *testing.T) {
	r, done := New(), make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			last := uint64(0)
			for {
				s := new(metrics.Stages)
				r.AddTo(s)
				if n := s.Whole.Count(); n < last {
					t.Errorf("%d requests, after %d", n, last)
				} else {
					last = n
				}
				for _, s := range r.Slow("", time.Time{}) {
					if s.Requests != s.Vectors || s.Connection != uint64(s.Requests) || s.Whole() != time.Duration(s.Requests) {
						t.Errorf("a mixture of slow reads: %+v", s)
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 3 * SlowReads {
		n := uint32(i + 1)
		rec := Record{Key: uint64(n), Requests: n, Vectors: n}
		r.Sent(&rec, int64(n))
		r.NoteSlow(&rec, int64(n), netip.Addr{})
	}
	close(done)
	readers.Wait()
}

// TestNoAllocations: a Recorder and Times allocate nothing once they are made.
func TestNoAllocations(t *testing.T) {
	r, times, i := New(), new(Times), int64(0)
	if n := testing.AllocsPerRun(3*window, func() {
		i++
		r.Batch(uint32(i))
		r.read(i, i*i%1000)
		r.Publish()
		times.Poll(i)
		times.Work(i)
	}); n != 0 {
		t.Errorf("%v allocations per read", n)
	}
}

func BenchmarkSent(b *testing.B) {
	for _, requests := range []uint32{1, 64} {
		b.Run(fmt.Sprintf("requests=%d", requests), func(b *testing.B) {
			r, i := New(), int64(0)
			b.ReportAllocs()
			for b.Loop() {
				i++
				r.Sent(&Record{Delivered: i, Parsed: i + 100 + i%8, Begun: i + 110 + i%8, Scored: i + 600 + i%32, Requests: requests, Vectors: requests}, i+2000+i%256)
				r.Publish()
			}
		})
	}
}
