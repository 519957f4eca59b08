package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/flags"
)

// span is a range from low to high. It is a single value if they are equal.
type span[N int | float64] struct{ low, high N }

func (s span[N]) single() bool { return s.low == s.high }

// String returns s as parseSpan takes it, or "" if both ends are 0.
func (s span[N]) String() string {
	switch {
	case s == span[N]{}:
		return ""
	case s.single():
		return fmt.Sprint(s.low)
	}
	return fmt.Sprintf("%v..%v", s.low, s.high)
}

// parseSpan parses "8" or "1..512". parse parses each part.
func parseSpan[N int | float64](s string, parse func(string) (N, error)) (span[N], error) {
	from, to, isSpan := strings.Cut(s, "..")
	if !isSpan {
		to = from
	}
	low, err := parse(from)
	high, err2 := parse(to)
	switch {
	case err != nil || err2 != nil:
		return span[N]{}, flags.ErrNotAllowed
	case low > high || isSpan && low == high:
		return span[N]{}, errors.New("a range goes from less to more, such as 10..20")
	}
	return span[N]{low, high}, nil
}

func parseConns(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxConns {
		return 0, flags.ErrNotAllowed
	}
	return n, nil
}

const maxRate = 100e6

// parseRate parses "500", "10k", "1.5k" or "2M".
func parseRate(s string) (float64, error) {
	digits, unit := strings.TrimSuffix(s, "k"), 1e3
	if digits == s {
		digits, unit = strings.TrimSuffix(s, "M"), 1e6
	}
	if digits == s {
		unit = 1
	}
	v, err := strconv.ParseFloat(digits, 64)
	v *= unit
	if err != nil || !(v >= 1 && v <= maxRate) {
		return 0, flags.ErrNotAllowed
	}
	return v, nil
}

// host is the value of a flag for a host without a port. The empty host is not allowed:
// package net would dial this machine.
func host(to *string) flags.Value {
	return flags.Custom(to, "HOST", "an address or a name, without a port or brackets,", func(s string) (string, error) {
		if !isHost(s) {
			return "", flags.ErrNotAllowed
		}
		return s, nil
	}, asIs)
}

func isHost(s string) bool {
	_, err := netip.ParseAddr(s)
	return s != "" && (err == nil || !strings.ContainsAny(s, ":[]"))
}

// addr is the value of a flag for host:port or unix:PATH.
func addr(to *string) flags.Value {
	const allowed = "host:port or unix:PATH, such as 10.0.0.7:9900, [::1]:9900 or unix:/run/disrust/disrust.sock,"
	return flags.Custom(to, "ADDR", allowed, func(s string) (string, error) {
		if path, ok := strings.CutPrefix(s, "unix:"); ok && path != "" {
			return s, nil
		}
		host, port, err := net.SplitHostPort(s)
		number, err2 := strconv.Atoi(port)
		if err != nil || err2 != nil || !isHost(host) || number < 1 || number > math.MaxUint16 {
			return "", flags.ErrNotAllowed
		}
		return s, nil
	}, asIs)
}

func asIs(s string) string { return s }

// longestLimit is the longest latency that a histogram distinguishes from longer ones.
const longestLimit = time.Duration(sample.Highest)

// parseBound parses "p99.9=1ms".
func parseBound(s string) (result.Bound, error) {
	name, limit, _ := strings.Cut(s, "=")
	digits, isPercentile := strings.CutPrefix(name, "p")
	percentile, err := strconv.ParseFloat(digits, 64)
	d, err2 := time.ParseDuration(limit)
	if err != nil || err2 != nil || !isPercentile || !(percentile > 0 && percentile <= 100) || d <= 0 || d > longestLimit {
		return result.Bound{}, flags.ErrNotAllowed
	}
	return result.Bound{Percentile: percentile, Limit: d}, nil
}
