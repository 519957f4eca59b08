package top

import (
	"context"
	"fmt"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/gdamore/tcell/v3"
	"github.com/gdamore/tcell/v3/color"
)

// live shows a server on the terminal until somebody quits or ctx ends. However it ends, also by a panic,
// the terminal is left as it was.
func (t *top) live(ctx context.Context, from *source, first sample, shows *screen) error {
	terminal, err := tcell.NewScreen(tcell.OptNegotiation(false)) // nothing is asked for that only some terminals have
	if err == nil {
		err = terminal.Init()
	}
	if err != nil {
		return fmt.Errorf("cannot use the terminal: %w (--once needs none)", err)
	}
	defer terminal.Fini()
	if terminal.CharacterSet() != "UTF-8" {
		shows.glyphs = &ascii
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	readings := t.read(ctx, from)
	shows.shown, shows.heard = compare(first, first), first.at
	w := watch{shows: shows, before: first, latest: shows.shown}
	for {
		draw(terminal, w.shows)
		select {
		case <-ctx.Done():
			return nil
		case r := <-readings:
			if r.panicked != nil {
				panic(r.panicked)
			}
			w.take(r)
		case event := <-terminal.EventQ():
			switch event := event.(type) {
			case *tcell.EventError: // of which there is no second one
				return fmt.Errorf("the terminal is gone: %w", event)
			case *tcell.EventResize:
				terminal.Sync() // terminals differ in where they leave what they showed
			case *tcell.EventKey:
				if w.key(event) {
					return nil
				}
			}
		}
	}
}

// result is what a reading came to.
type result struct {
	sample   sample
	err      error
	at       time.Time
	panicked any // what the goroutine that read panicked with
}

// read reads until ctx ends, each time an interval after the last answer: two that come together after a
// server stood still would make an interval of a few milliseconds, and rates that mean nothing.
func (t *top) read(ctx context.Context, from *source) <-chan result {
	results := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				results <- result{panicked: p}
			}
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(t.interval):
			}
			now, err := from.read(ctx)
			select {
			case <-ctx.Done():
				return
			case results <- result{sample: now, err: err, at: time.Now()}:
			}
		}
	}()
	return results
}

// draw shows the screen on a terminal.
func draw(terminal tcell.Screen, shows *screen) {
	width, height := terminal.Size()
	terminal.Clear()
	for y, l := range shows.lines(width, height) {
		x := 0
		for _, t := range l {
			for rest := flags.OneLine(t.s); rest != "" && x < width; {
				columns := 0
				rest, columns = terminal.Put(x, y, rest, styles[t.is])
				x += columns
			}
		}
	}
	terminal.Show()
}

// styles are those of a terminal. Nothing depends on a colour alone.
var styles = [...]tcell.Style{
	plain:   tcell.StyleDefault,
	heading: tcell.StyleDefault.Bold(true),
	faint:   tcell.StyleDefault.Dim(true),
	good:    tcell.StyleDefault.Foreground(color.Green),
	warning: tcell.StyleDefault.Foreground(color.Yellow),
	bad:     tcell.StyleDefault.Foreground(color.Red).Bold(true),
	working: tcell.StyleDefault.Foreground(color.Green),
	polling: tcell.StyleDefault.Foreground(color.Yellow),
	asleep:  tcell.StyleDefault.Dim(true),
}
