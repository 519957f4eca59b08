//go:build linux

package daemon

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/client/languages/subject"
)

const dim = 128 // of the daemon's model sum

// Bits compares scores of the daemon with those that package client gets, bit by bit: on both backends, by a host name
// and over a Unix socket, for calls of one request and of several, in each of these ways. begin is called once for each
// way.
func Bits(t *testing.T, disrust string, begin func(t *testing.T, way string) subject.Player, ways ...subject.Way) {
	t.Helper()
	players := make([]subject.Player, len(ways))
	for k, way := range ways {
		players[k] = begin(t, way.Name)
	}
	for _, backend := range []string{"uring", "epoll"} {
		d := start(t, disrust, "--io", backend, "--listen", "127.0.0.1:0", "--listen", "unix:"+t.TempDir()+"/s")
		c, err := client.Dial(t.Context(), client.Config{Addrs: d.Addrs[:1]})
		check(t, err)
		t.Cleanup(func() { c.Close() })
		calls := sampleCalls(t, c)
		text := subject.Round(calls...)
		for _, addr := range append(d.Addrs, "localhost:"+d.Port()) {
			for k, way := range ways {
				if faults := subject.Judge(calls, players[k](t, addr, text)); len(faults) > 0 {
					t.Errorf("%s, %s, %s: %q", backend, way.Name, addr, faults)
				}
			}
		}
	}
}

// sampleCalls returns calls with the scores that package client gets.
func sampleCalls(t *testing.T, c *client.Client) (calls []conformance.CallTask) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	odd := []float32{1, float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32}
	for k, rows := range []int{1, 64, 65, 300, 1500} {
		features, scores := make([]float32, rows*dim), make([]float32, rows)
		for j := range features {
			features[j] = float32(random.NormFloat64())
		}
		features[0] = odd[k]
		check(t, c.Score(t.Context(), scores, features))
		id := c.Servers()[0].Identity
		calls = append(calls, conformance.CallTask{
			Rows: slices.Collect(slices.Chunk(features, dim)), Outcome: conformance.Scored, Scores: scores, Identity: hex.EncodeToString(id[:]),
		})
	}
	return calls
}
