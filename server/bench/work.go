//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disrust/disrust/wire"
)

const (
	// openConns is over how many connections an open loop goes.
	openConns = 16
	// peakWindow is the window that finds the peak of which rate:half is half.
	peakWindow = 64

	mostConns  = 4096
	mostWindow = 4096
)

// half is the rate of an open loop that is not known yet.
const half = -1

// work is a way to drive a server.
type work struct {
	conns, window, vectors int
	rate                   float64 // requests a second of an open loop; half; 0: a closed loop
}

// peak is the work that finds what rate:half is half of.
var peak = work{conns: openConns, window: peakWindow, vectors: 1}

// parseWork reads CONNSxWINDOW, CONNSxWINDOWxVECTORS, rate:N or rate:half.
func parseWork(s string) (work, error) {
	if rate, isOpen := strings.CutPrefix(s, "rate:"); isOpen {
		return parseOpen(rate)
	}
	numbers := make([]int, 0, 3)
	for part := range strings.SplitSeq(s, "x") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return work{}, fmt.Errorf("%q is no work such as 64x64, 4x8x64 or rate:half", s)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 2 {
		numbers = append(numbers, 1)
	}
	if len(numbers) != 3 {
		return work{}, fmt.Errorf("%q is no work such as 64x64, 4x8x64 or rate:half", s)
	}
	w := work{conns: numbers[0], window: numbers[1], vectors: numbers[2]}
	if w.conns < 1 || w.conns > mostConns || w.window < 1 || w.window > mostWindow || w.vectors < 1 || w.vectors > wire.DefaultMaxVectors {
		return work{}, fmt.Errorf("%s: 1 to %d connections, windows of 1 to %d and 1 to %d vectors are allowed",
			s, mostConns, mostWindow, wire.DefaultMaxVectors)
	}
	return w, nil
}

func parseOpen(rate string) (work, error) {
	w := work{conns: openConns, vectors: 1, rate: half}
	if rate == "half" {
		return w, nil
	}
	n, err := strconv.Atoi(rate)
	if err != nil || n < 1 {
		return w, errors.New("a rate is half or a whole number of requests a second, from 1")
	}
	w.rate = float64(n)
	return w, nil
}

// String is what parseWork reads.
func (w work) String() string {
	switch {
	case w.rate == half:
		return "rate:half"
	case w.rate > 0:
		return fmt.Sprintf("rate:%.0f", w.rate)
	case w.vectors > 1:
		return fmt.Sprintf("%dx%dx%d", w.conns, w.window, w.vectors)
	}
	return fmt.Sprintf("%dx%d", w.conns, w.window)
}

// describe says what w is.
func (w work) describe() string {
	switch {
	case w.rate == half:
		return fmt.Sprintf("open loop at half of the first peer's peak, %d connections", w.conns)
	case w.rate > 0:
		return fmt.Sprintf("open loop at %.0f requests/s, %d connections", w.rate, w.conns)
	}
	return fmt.Sprintf("%s, %d in flight on each, %s", counted(w.conns, "connection"), w.window, counted(w.vectors, "vector"))
}

// counted is "1 vector" or "2 vectors".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// order is in which order the peers have their turn in a round, from 0 on:
// there and back again, so that what drifts meets all alike.
func order(peers []contender, round int) []contender {
	turns := slices.Clone(peers)
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	return turns
}
