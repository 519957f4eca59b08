// Package closedloop is shared by the callers that are written in Go. It runs a closed loop
// of callers, and prints the same line as the callers in other languages.
package closedloop

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// Dim is the number of features in a request.
	Dim = 128

	// Rows is the number of different requests. Callers send them in turn.
	Rows = 64

	warmUp = 200 * time.Millisecond
)

// Row returns the features of request r and their sum. The features are whole numbers, so
// that their sum is the same in every order.
func Row(r int) (row [Dim]float32, sum float32) {
	for i := range row {
		row[i] = float32((r + 1) * (i + 3) % 97)
		sum += row[i]
	}
	return row, sum
}

// Ask sends request r and waits for its answer. A wrong answer is an error.
type Ask func(r int) error

// loop is a closed loop of callers.
type loop struct {
	begin, end time.Time
	pause      time.Duration
}

// Run runs callers, which dial makes, as the arguments PORT CALLERS SECONDS PAUSE_US say. It
// writes one line: requests seconds p50_us p99_us.
func Run(w io.Writer, args []string, dial func(port string) (Ask, error)) error {
	if len(args) != 4 {
		return fmt.Errorf("arguments: PORT CALLERS SECONDS PAUSE_US")
	}
	var numbers [3]float64
	for i, arg := range args[1:] {
		var err error
		if numbers[i], err = strconv.ParseFloat(arg, 64); err != nil {
			return err
		}
	}
	callers := make([]Ask, int(numbers[0]))
	for i := range callers {
		var err error
		if callers[i], err = dial(args[0]); err != nil {
			return err
		}
	}
	l := loop{begin: time.Now().Add(warmUp), pause: time.Duration(numbers[2] * float64(time.Microsecond))}
	l.end = l.begin.Add(time.Duration(numbers[1] * float64(time.Second)))
	return l.run(w, callers)
}

func (l *loop) run(w io.Writer, callers []Ask) error {
	times := make([][]time.Duration, len(callers))
	var group errgroup.Group
	for i, ask := range callers {
		group.Go(func() (err error) {
			times[i], err = l.call(i, ask)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	all := slices.Concat(times...)
	if len(all) == 0 {
		return fmt.Errorf("no answers")
	}
	slices.Sort(all)
	_, err := fmt.Fprintf(w, "%d %.3f %.1f %.1f\n", len(all), l.end.Sub(l.begin).Seconds(), micros(all[len(all)/2]), micros(all[len(all)*99/100]))
	return err
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// call is the life of a caller, which begins with request r. It returns how long each answer
// after the warm-up took.
func (l *loop) call(r int, ask Ask) (times []time.Duration, err error) {
	for done := time.Now(); done.Before(l.end); r++ {
		sent := time.Now()
		if err := ask(r % Rows); err != nil {
			return nil, err
		}
		done = time.Now()
		if !sent.Before(l.begin) {
			times = append(times, done.Sub(sent))
		}
		for l.pause > 0 && time.Since(done) < l.pause {
		}
	}
	return times, nil
}
