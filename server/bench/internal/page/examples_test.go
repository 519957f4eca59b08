package page

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// benchmark looks like one of seven peers and six works, of which one peer did
// not do one and failed at another. It is the same every time.
func benchmark() *result.Report {
	r := &result.Report{
		Command: "bench --peers all --works all --rounds 5 --duration 3s", Started: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Machine: machine.Machine{OS: "linux", Arch: "amd64", Kernel: "6.18.1", CPUModel: "Intel(R) Xeon(R) Processor @ 2.60GHz", CPUs: 2, Memory: 8 << 30, Go: "go1.26.8"},
		Rounds:  5, Warmup: time.Second, Duration: 3 * time.Second,
		Notes: []string{"x: ratio to gonet. Medians [lowest-highest] of the rounds.", "*: the generator was busy for more than nine tenths of the time."},
		Peers: []result.Named{
			{Name: "gonet", Text: "Go's net package, a goroutine for each connection"}, {Name: "disrust", Text: "this repository, io_uring"},
			{Name: "disrust-epoll", Text: "this repository, epoll"}, {Name: "gnet", Text: "an event loop for each thread, epoll"},
			{Name: "grpc", Text: "unary calls, a message for each request"}, {Name: "triton-grpc", Text: "the Open Inference Protocol over gRPC"}, {Name: "c-epoll", Text: "one thread in C, epoll, no batches"},
		},
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i, work := range []string{"1x1", "1x16", "64x1", "64x16", "4x8x64", "rate:half"} {
		r.Works = append(r.Works, result.Named{Name: work, Text: fmt.Sprintf("%d connections of %d requests in flight, 1 vector each", 1<<i, 1+3*i)})
		for n, peer := range r.Peers {
			if n == 6 && i == 4 {
				continue
			}
			if n == 5 && i == 3 {
				r.Failures = append(r.Failures, result.Failure{Work: work, Peer: peer.Name, Round: 1, Why: "it closed a connection with 16 requests in flight"})
				continue
			}
			for round := range r.Rounds {
				r.Runs = append(r.Runs, turn(random, work, peer.Name, round, i, n))
			}
		}
	}
	return r
}

// turn is a run whose rate depends on its work and its peer, and a little on chance.
func turn(random *rand.Rand, work, peer string, round, i, n int) result.Run {
	speed := []float64{1, 1.8, 1.5, 1.2, .2, .15, 1.4}[n] * (.9 + .2*random.Float64())
	if n >= 4 && i == 2 {
		speed /= 20
	}
	median := time.Duration(40e3 * float64(1+i) / speed)
	run := result.Run{
		Work: work, Peer: peer, Round: round + 1, Requests: 1e6, Rate: 25e3 * float64(1+i*i) * speed, Busy: .4 * speed,
		ServerCPU: time.Duration(1e6 * 3000 / speed), GeneratorCPU: 4e8,
		Latency: result.Latency{P50: median, P90: 2 * median, P99: 5 * median, P999: 20 * median, P9999: 40 * median, Max: 100 * median},
	}
	if n == 1 && i == 3 {
		run.Limited = "its threads were busy for 95% of the time"
	}
	return run
}

// TestExamples writes a page to look at: PAGES=folder go test -run Examples
func TestExamples(t *testing.T) {
	folder := os.Getenv("PAGES")
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.WriteFile(filepath.Join(folder, "bench.html"), []byte(written(t, benchmark())), 0o600); err != nil {
		t.Fatal(err)
	}
}
