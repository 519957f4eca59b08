package progress

import (
	"fmt"
	"io"
	"time"
)

// Counter shows how much of a known amount is done, such as rows scored. It also shows the
// rate, and the time left at that rate.
type Counter struct {
	bar         Bar
	total, done int64
	unit        string
	now         func() time.Time
	start, last time.Time
}

// refresh is the shortest time between two drawings of a Counter's bar.
const refresh = 100 * time.Millisecond

// NewCounter draws an empty bar if isTerminal, which says that stderr is a terminal. unit is
// what is counted, such as "rows".
func NewCounter(stderr io.Writer, isTerminal bool, total int64, unit string) *Counter {
	return newCounter(NewBar(stderr, isTerminal, total), total, unit, time.Now)
}

func newCounter(b Bar, total int64, unit string, now func() time.Time) *Counter {
	c := &Counter{bar: b, total: total, unit: unit, now: now, start: now()}
	c.last = c.start
	c.bar.Draw(0, "")
	return c
}

// Add counts n more as done. Cost: one reading of the clock. It draws the bar at most ten
// times per second, and when all is done.
func (c *Counter) Add(n int64) {
	c.done += n
	now := c.now()
	if now.Sub(c.last) < refresh && c.done < c.total {
		return
	}
	c.last = now
	c.bar.Erase()
	c.bar.Draw(c.done, c.progress(now.Sub(c.start)))
}

// progress returns a text such as "1200 of 5000 rows, 400/s, 10 s left".
func (c *Counter) progress(elapsed time.Duration) string {
	text := fmt.Sprintf("%d of %d %s", c.done, c.total, c.unit)
	if elapsed <= 0 || c.done <= 0 {
		return text
	}
	perSecond := float64(c.done) / elapsed.Seconds()
	seconds := float64(max(c.total-c.done, 0)) / perSecond
	return fmt.Sprintf("%s, %.0f/s, %s", text, perSecond, Left(time.Duration(seconds*float64(time.Second))))
}

// Done erases the bar. Output that follows begins on the bar's line.
func (c *Counter) Done() { c.bar.Erase() }

// Left formats the time left in whole seconds, rounded up: "0 s left" means that none is left.
func Left(d time.Duration) string {
	seconds := (max(d, 0) + time.Second - 1) / time.Second
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s left", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d:%02d min left", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d h left", seconds/3600, seconds/60%60)
}
