package drive

import (
	"math"
	"math/rand/v2"
)

// Arrivals says how the due times of an open loop are distributed.
type Arrivals uint8

const (
	// Constant divides each second into as many equal slots as the rate says. A request
	// is due in the middle of each slot.
	Constant Arrivals = iota
	// Poisson has independent, exponentially distributed gaps between requests, like the
	// requests of many independent users.
	Poisson
)

var arrivals = [...]string{Constant: "constant", Poisson: "poisson"}

// String returns the name of a.
func (a Arrivals) String() string { return arrivals[a] }

// never is a time later than every due time.
const never = math.MaxInt64

// schedule yields the due times of an open loop, in nanoseconds since the run began. They
// depend only on the arguments of newSchedule. Every crew goes through all of them and
// takes the requests of its own connections. So the times do not depend on the number of
// crews, and requests that are not yet due need no memory.
type schedule struct {
	gap    float64 // mean gap in nanoseconds
	random *rand.Rand
	number int64 // number of the next request, from 0 on
	count  int64
	at     float64 // when the next request is due
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
