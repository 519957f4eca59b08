package throttle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// line is a line of the log.
type line struct {
	Level, Msg, Line, By string
	More                 int
}

// output keeps what is written to it. Any goroutine may use it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// take returns the lines that were written since the last call.
func (o *output) take(t *testing.T) (lines []line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for text := range strings.Lines(o.text.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	o.text.Reset()
	return lines
}

// TestHandler shows the lines of a flood, of what follows it, and of another message meanwhile.
func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		h := New(slog.NewJSONHandler(&out, nil))
		log := slog.New(h).With("by", "a peer")
		for range maxLines + 7 {
			log.Warn("a flood")
		}
		log.Error("something else")
		log.Debug("below the level")
		lines := out.take(t)
		if len(lines) != maxLines+1 || lines[maxLines] != (line{Level: "ERROR", Msg: "something else", By: "a peer"}) {
			t.Fatalf("%d lines, the last is %+v", len(lines), lines[len(lines)-1])
		}
		time.Sleep(interval)
		synctest.Wait()
		if got := out.take(t); len(got) != 1 || got[0] != (line{Level: "WARN", Msg: "lines were left out", Line: "a flood", More: 7}) {
			t.Errorf("the interval ends with %+v", got)
		}
		log.Warn("a flood")
		if got := out.take(t); len(got) != 1 || got[0].Msg != "a flood" {
			t.Errorf("the next interval begins with %+v", got)
		}
		time.Sleep(interval)
		synctest.Wait()
		if got := out.take(t); len(got) != 0 {
			t.Errorf("an interval without a flood ends with %+v", got)
		}
	})
}

// TestFlush: Flush says at once what was left out, and the timer says it no second time.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		h := New(slog.NewJSONHandler(&out, nil))
		for range maxLines + 2 {
			slog.New(h).Info("a flood")
		}
		out.take(t)
		h.Flush()
		h.Flush()
		time.Sleep(2 * interval)
		synctest.Wait()
		if got := out.take(t); len(got) != 1 || got[0].More != 2 || got[0].Level != "INFO" {
			t.Errorf("%+v", got)
		}
	})
}

// flood is many records of one message, and a pause after them.
type flood struct {
	Message string
	Records int
	Pause   time.Duration
}

func drawFlood(t *rapid.T) flood {
	return flood{
		fmt.Sprint("message ", rapid.IntRange(0, 2*maxMessages).Draw(t, "message")), rapid.IntRange(1, 3*maxLines).Draw(t, "records"),
		time.Duration(rapid.IntRange(0, int(interval)).Draw(t, "pause")),
	}
}

// TestSum: each record of any floods is passed or counted once, and no interval has more lines than the bound.
func TestSum(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		floods := rapid.SliceOfN(rapid.Custom(drawFlood), 1, 6).Draw(rt, "floods")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = sums(t, floods) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

func sums(t *testing.T, floods []flood) error {
	var out output
	h := New(slog.NewJSONHandler(&out, nil))
	log := slog.New(h)
	sent, accounted, passed := 0, 0, 0
	count := func() {
		for _, l := range out.take(t) {
			accounted += max(1, l.More)
			if l.More == 0 {
				passed++
			}
		}
	}
	began := time.Now()
	for _, f := range floods {
		for range f.Records {
			log.Info(f.Message)
			sent++
		}
		count()
		if time.Since(began) >= interval {
			began, passed = time.Now(), 0
		}
		// Two intervals of a message lie in any period as long as one.
		if most := 2 * maxLines * (maxMessages + 1); passed > most {
			return fmt.Errorf("%d lines in an interval, want at most %d", passed, most)
		}
		time.Sleep(f.Pause)
		synctest.Wait()
		count()
	}
	h.Flush()
	count()
	if sent != accounted {
		return fmt.Errorf("%d records were passed or counted, of %d", accounted, sent)
	}
	return nil
}

// TestTogether: goroutines that log at the same time lose no record.
func TestTogether(t *testing.T) {
	var out output
	h := New(slog.NewJSONHandler(&out, nil))
	const each = 300
	var all sync.WaitGroup
	for g := range 2 * maxMessages {
		log := slog.New(h).With("by", fmt.Sprint(g))
		all.Go(func() {
			for range each {
				log.Info(fmt.Sprint("message ", g))
			}
		})
	}
	all.Wait()
	h.Flush()
	sum := 0
	for _, l := range out.take(t) {
		sum += max(1, l.More)
	}
	if want := 2 * maxMessages * each; sum != want {
		t.Errorf("%d records were passed or counted, of %d", sum, want)
	}
}
