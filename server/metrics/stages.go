package metrics

import (
	"net/netip"
	"time"
)

// Stage is a part of the time that a request spends in the server.
type Stage int

const (
	Read  Stage = iota // from when the thread learns that its bytes are there until it is found among them
	Wait               // until the batch begins in which it is scored
	Score              // until that batch has its scores
	Send               // until the call that hands its answer to the kernel has returned

	StageCount int = iota
)

var stageNames = [StageCount]string{"read", "wait", "score", "send"}

// String returns the name of s at /metrics.
func (s Stage) String() string { return stageNames[s] }

// Stages holds how long requests took, in nanoseconds. Each request that was scored, or for which the
// model failed, counts once in each stage and once in Whole.
type Stages struct {
	Stage [StageCount]Histogram
	Whole Histogram // all four stages together

	BatchVectors Histogram // vectors per batch: scored in place from one read, or drained from the ring together
}

// Merge adds what other has counted to s.
func (s *Stages) Merge(other *Stages) {
	for i := range s.Stage {
		s.Stage[i].Merge(&other.Stage[i])
	}
	s.Whole.Merge(&other.Whole)
	s.BatchVectors.Merge(&other.BatchVectors)
}

// ThreadTime says what a thread has done with its time.
type ThreadTime struct {
	Thread                   string // such as "io-0" or "batch"
	Working, Polling, Asleep time.Duration
}

// Slow is a read whose requests took longer than 99.9 % of the requests of its thread lately. If its
// requests were scored in several batches, each batch has a Slow of its own.
type Slow struct {
	Thread     string
	When       time.Time // when the thread learned of it
	Connection uint64    // of all reads of a connection, and of no other connection of its thread
	Peer       netip.Addr
	Requests   int
	Vectors    int
	Stage      [StageCount]time.Duration
}

// Whole returns how long all stages took.
func (s *Slow) Whole() (sum time.Duration) {
	for _, d := range s.Stage {
		sum += d
	}
	return sum
}
