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
	// openConns is the number of connections of an open loop.
	openConns = 16
	// peakWindow is the window of the closed loop that measures the peak for rate:half.
	peakWindow = 64

	maxConns  = 4096
	maxWindow = 4096
)

// half stands for the rate of rate:half, which is not known yet.
const half = -1

// work is a way to drive a server.
type work struct {
	conns, window, vectors int
	rate                   float64 // requests per second of an open loop, or half; 0: a closed loop
}

// peak is the work that measures the peak for rate:half.
var peak = work{conns: openConns, window: peakWindow, vectors: 1}

// parseWork parses CONNSxWINDOW, CONNSxWINDOWxVECTORS, rate:N or rate:half.
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
	if w.conns < 1 || w.conns > maxConns || w.window < 1 || w.window > maxWindow || w.vectors < 1 || w.vectors > wire.DefaultMaxVectors {
		return work{}, fmt.Errorf("%s: 1 to %d connections, windows of 1 to %d and 1 to %d vectors are allowed",
			s, maxConns, maxWindow, wire.DefaultMaxVectors)
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
		return w, errors.New("a rate is half or a whole number of requests per second, from 1")
	}
	w.rate = float64(n)
	return w, nil
}

// String returns w as parseWork takes it.
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

// describe explains w.
func (w work) describe() string {
	switch {
	case w.rate == half:
		return fmt.Sprintf("open loop at half of the first peer's peak, %d connections", w.conns)
	case w.rate > 0:
		return fmt.Sprintf("open loop at %.0f requests/s, %d connections", w.rate, w.conns)
	}
	return fmt.Sprintf("%s, %d in flight on each, %s", counted(w.conns, "connection"), w.window, counted(w.vectors, "vector"))
}

// counted returns "1 vector", "2 vectors" and so on.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// order returns the order of the peers' turns in a round. Even rounds are in the given order
// and odd rounds in reverse, so that a drift of the machine affects all peers alike.
func order(peers []contender, round int) []contender {
	turns := slices.Clone(peers)
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	return turns
}
