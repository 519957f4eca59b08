// Package worker lets an engine in Go answer the lines of run.py, as worker.py does for one in Python.
package worker

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

const (
	Dim     = 128  // features of a row
	MaxSize = 1024 // rows of a call, at most
)

// Engine is a model that can score.
type Engine struct {
	Call string // which call scores, for people
	Rows int    // how many rows there are

	// Score scores count rows from the one with number first on, into memory of its own.
	Score func(first, count int) error

	// Answer returns the score of a row of the last call of Score.
	Answer func(row int) float64
}

// Fail says why there is no engine, and ends the program.
func Fail(err error) {
	fmt.Println("missing", err)
	os.Exit(0)
}

// ReadRows reads a file of rows, float32 after float32.
func ReadRows(file string) ([]float32, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rows := make([]float32, len(data)/4)
	for i := range rows {
		rows[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return rows, nil
}

// Serve answers each line of in with one of out, until in ends.
func (e *Engine) Serve(in io.Reader, out io.Writer) error {
	fmt.Fprintln(out, "ready", e.Call)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		answer, err := e.answer(lines.Text())
		if err != nil {
			answer = "error " + err.Error()
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (e *Engine) answer(line string) (string, error) {
	var size, rows int
	var seconds float64
	var file string
	if n, _ := fmt.Sscanf(line, "time %d %g", &size, &seconds); n == 2 && e.possible(size) {
		micros, err := e.time(size, seconds)
		return fmt.Sprintf("ok %.6f", micros), err
	}
	if n, _ := fmt.Sscanf(line, "answers %d %d %s", &size, &rows, &file); n == 3 && e.possible(size) && rows <= e.Rows && rows%size == 0 {
		return "ok", e.answers(size, rows, file)
	}
	return "", fmt.Errorf("%q is not understood", line)
}

func (e *Engine) possible(size int) bool { return 0 < size && size <= min(MaxSize, e.Rows) }

// time returns the microseconds per row of calls with size rows each.
func (e *Engine) time(size int, seconds float64) (float64, error) {
	began, first := time.Now(), 0
	for calls := 0; ; {
		for range max(1, 64/size) { // so that the clock costs nothing
			if first+size > e.Rows {
				first = 0
			}
			if err := e.Score(first, size); err != nil {
				return 0, err
			}
			first += size
			calls++
		}
		if took := time.Since(began); took.Seconds() >= seconds {
			return float64(took.Nanoseconds()) / 1e3 / float64(calls*size), nil
		}
	}
}

// answers writes the scores of the first rows to a file, in float64.
func (e *Engine) answers(size, rows int, file string) error {
	scores := make([]byte, 0, 8*rows)
	for first := 0; first < rows; first += size {
		if err := e.Score(first, size); err != nil {
			return err
		}
		for i := range size {
			scores = binary.LittleEndian.AppendUint64(scores, math.Float64bits(e.Answer(i)))
		}
	}
	return os.WriteFile(file, scores, 0o666)
}
