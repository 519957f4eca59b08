package drive

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Arrivals is how the due times of an open loop lie.
type Arrivals uint8

const (
	// Constant arrivals are due in the middle of each of rate equal slots a
	// second.
	Constant Arrivals = iota
	// Poisson arrivals have independent, exponentially distributed gaps, as those
	// of many users who know nothing of each other.
	Poisson
)

var arrivals = [...]string{Constant: "constant", Poisson: "poisson"}

// ParseArrivals reads what String writes.
func ParseArrivals(s string) (Arrivals, error) {
	for a, name := range arrivals {
		if s == name {
			return Arrivals(a), nil
		}
	}
	return 0, fmt.Errorf("arrivals are %q; allowed are constant and poisson", s)
}

// String returns the name of a.
func (a Arrivals) String() string { return arrivals[a] }

// never is a moment that does not come.
const never = math.MaxInt64

// schedule walks the due times of an open loop, in nanoseconds since the run
// began. They depend on its arguments alone: every crew walks all of them and
// takes those of its own connections, so the times do not depend on how many
// crews there are, and what was not yet taken needs no memory.
type schedule struct {
	gap    float64 // mean, in nanoseconds
	random *rand.Rand
	number int64 // of the next, from 0 on
	count  int64
	at     float64 // when the next is due
}

// newSchedule makes the schedule of count requests.
func newSchedule(rate float64, a Arrivals, seed uint64, count int64) *schedule {
	s := &schedule{gap: 1e9 / rate, count: count}
	if a == Poisson {
		s.random = rand.New(rand.NewPCG(seed, seed))
	}
	s.number = -1
	s.advance()
	return s
}

// due returns when the next request is due.
func (s *schedule) due() int64 {
	if s.number >= s.count || s.at >= never {
		return never
	}
	return int64(s.at)
}

func (s *schedule) advance() {
	s.number++
	if s.random == nil {
		s.at = (float64(s.number) + 0.5) * s.gap
	} else {
		s.at += s.random.ExpFloat64() * s.gap
	}
}
