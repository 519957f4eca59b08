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
)

const (
	// maxDim keeps every partial sum of generated rows below 1<<24, where float32
	// holds all integers: sums are exact in whatever order the server adds.
	maxDim = 1 << 20
	// maxVectors is what the server takes for its own --max-vectors at most.
	maxVectors = math.MaxUint16
	// maxConns is how many ports this end has for one address.
	maxConns = math.MaxUint16
	maxRate  = 100e6
)

// span is from low to high; a single value if they are equal.
type span[N int | float64] struct{ low, high N }

func (s span[N]) single() bool { return s.low == s.high }

// setSpan reads "8" or "1..512", each part as one does.
func setSpan[N int | float64](p *span[N], s string, one func(string) (N, error)) error {
	from, to, isSpan := strings.Cut(s, "..")
	if !isSpan {
		to = from
	}
	low, err := one(from)
	if err != nil {
		return err
	}
	high, err := one(to)
	if err != nil {
		return err
	}
	if low > high || isSpan && low == high {
		return errors.New("a range goes from less to more, such as 10..20")
	}
	*p = span[N]{low, high}
	return nil
}

func number(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("allowed are 1 to %d", most)
	}
	return n, nil
}

func setNumber(p *int, s string, most int) error {
	n, err := number(s, most)
	if err == nil {
		*p = n
	}
	return err
}

func conns(s string) (int, error) { return number(s, maxConns) }

// rate reads "500", "10k", "1.5k" or "2M".
func rate(s string) (float64, error) {
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
		return 0, errors.New("allowed are 1 to 100M, such as 500, 10k, 1.5k or 2M")
	}
	return v, nil
}

// setHost refuses the empty host, which would be dialled as this machine, and
// what has a port or brackets around it.
func setHost(p *string, s string) error {
	_, err := netip.ParseAddr(s)
	if s == "" || err != nil && strings.ContainsAny(s, ":[]") {
		return errors.New("allowed are an address and a name, without a port or brackets")
	}
	*p = s
	return nil
}

// setAddr reads host:port or unix:PATH.
func setAddr(p *string, s string) error {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		*p = s
		return setFile(&path, path)
	}
	var number int
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		err = errors.Join(setHost(&host, host), setNumber(&number, port, math.MaxUint16))
	}
	if err != nil {
		return errors.New("allowed are host:port and unix:PATH, such as 10.0.0.7:9900, [::1]:9900 or unix:/run/disrust/disrust.sock")
	}
	*p = s
	return nil
}

func setFile(p *string, s string) error {
	if s == "" {
		return errors.New("allowed is the name of a file")
	}
	*p = s
	return nil
}

func setPeriod(p *time.Duration, s string, least time.Duration) error {
	const most = 24 * time.Hour
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		return fmt.Errorf("allowed are %v to %v, such as 500ms or 10s", least, most)
	}
	*p = d
	return nil
}

// setBound reads "p99.9=1ms".
func setBound(p *result.Bound, s string) error {
	name, limit, _ := strings.Cut(s, "=")
	digits, isPercentile := strings.CutPrefix(name, "p")
	percentile, err := strconv.ParseFloat(digits, 64)
	d, err2 := time.ParseDuration(limit)
	if err != nil || err2 != nil || !isPercentile || !(percentile > 0 && percentile <= 100) || d <= 0 || d > time.Duration(sample.Highest) {
		return fmt.Errorf("allowed are a percentile up to p100 and a limit up to %v, such as p99.9=1ms", time.Duration(sample.Highest))
	}
	*p = result.Bound{Percentile: percentile, Limit: d}
	return nil
}

func setSeed(p *uint64, s string) error {
	seed, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return errors.New("allowed are whole numbers from 0 on")
	}
	*p = seed
	return nil
}

// setInto is for types that parse themselves.
func setInto[T any](p *T, s string, parse func(string) (T, error)) error {
	v, err := parse(s)
	if err == nil {
		*p = v
	}
	return err
}
