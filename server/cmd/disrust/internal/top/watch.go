package top

import (
	"github.com/gdamore/tcell/v3"
)

// watch is a screen, and what it needs to show the next reading. Nothing in it reads a clock or a server.
type watch struct {
	shows  *screen
	before sample
	latest reading // what is shown, unless the screen is paused
}

// take adds what a reading came to.
func (w *watch) take(r result) {
	w.shows.now, w.shows.failure = r.at, r.err
	if r.err != nil {
		return
	}
	w.shows.heard = r.sample.at
	w.latest, w.before = compare(w.before, r.sample), r.sample
	w.shows.history.add(w.latest.at, w.latest.rates.requests)
	if !w.shows.paused {
		w.shows.shown = w.latest
	}
}

// key does what a key is for. It reports whether that is to quit.
func (w *watch) key(k *tcell.EventKey) (quit bool) {
	switch {
	case k.Key() == tcell.KeyCtrlC || k.Str() == "q":
		return true
	case k.Str() == "p":
		if w.shows.paused = !w.shows.paused; !w.shows.paused {
			w.shows.shown = w.latest
		}
	}
	return false
}
