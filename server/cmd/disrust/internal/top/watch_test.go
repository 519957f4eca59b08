package top

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v3"
)

// TestWatch follows a server that serves, does not answer, and has been started again.
func TestWatch(t *testing.T) {
	f := newFake()
	s := busy(t, 0)
	w := watch{shows: s, before: f.sample(t, start)}
	at := start
	take := func(err error) string {
		at = at.Add(time.Second)
		w.take(result{sample: f.sample(t, at), err: err, at: at})
		return s.say(80, 24)
	}
	want := func(said string, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(said, word) {
				t.Errorf("no %q in\n%s", word, said)
			}
		}
	}
	f.request(time.Microsecond)
	want(take(nil), "server      ready", " 1 requests/s", "whole          3.98 µs")
	take(errors.New("gone"))
	want(take(errors.New("gone")), "server      no answer for 2s: gone", " 1 requests/s", "whole          3.98 µs")
	f.request(time.Microsecond)
	f.request(time.Microsecond)
	f.request(time.Microsecond)
	want(take(nil), "server      ready", " 1 requests/s") // three in three seconds
	f = newFake()
	f.started = at
	want(take(nil), "server      ready, up 1s", " - requests/s")
	f.request(time.Millisecond)
	f.request(time.Millisecond)
	want(take(nil), " 2 requests/s", "whole          4.01 ms")
}

// TestPause: a paused screen keeps its figures, and goes on with the latest.
func TestPause(t *testing.T) {
	f := newFake()
	s := busy(t, 0)
	w := watch{shows: s, before: f.sample(t, start), latest: s.shown}
	key := func(k tcell.Key, letter string) bool { return w.key(tcell.NewEventKey(k, letter, tcell.ModNone)) }
	still := s.say(80, 24)
	if key(tcell.KeyRune, "p") {
		t.Error("p quits")
	}
	paused := s.say(80, 24)
	if paused != strings.Replace(still, "server      ready", "server      paused, ready", 1) {
		t.Errorf("%s", paused)
	}
	for range 5 {
		f.request(time.Second)
	}
	w.take(result{sample: f.sample(t, start.Add(time.Second)), at: start.Add(time.Second)})
	if said := s.say(80, 24); !strings.Contains(said, "paused") || strings.Contains(said, "5 requests/s") {
		t.Errorf("the paused screen goes on:\n%s", said)
	}
	w.take(result{err: errors.New("gone"), at: start.Add(3 * time.Second)})
	if said := s.say(80, 24); !strings.Contains(said, "paused, no answer for 2s: gone") {
		t.Errorf("%s", said)
	}
	key(tcell.KeyRune, "p")
	if said := s.say(80, 24); !strings.Contains(said, " 5 requests/s") {
		t.Errorf("%s", said)
	}
	if !key(tcell.KeyRune, "q") || !key(tcell.KeyCtrlC, "") || key(tcell.KeyRune, "x") {
		t.Error("q or Ctrl-C does not quit, or x does")
	}
}
