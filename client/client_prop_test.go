package client

import (
	"net"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// choppyConn gives its reader pieces of the drawn sizes, again and again.
type choppyConn struct {
	net.Conn
	pieces []int
	reads  int
}

func (c *choppyConn) Read(b []byte) (int, error) {
	piece := c.pieces[c.reads%len(c.pieces)]
	c.reads++
	return c.Conn.Read(b[:min(len(b), piece)])
}

// TestAnyMixOfSizesAndPieces has callers score drawn sizes through drawn
// windows while responses arrive in drawn pieces.
func TestAnyMixOfSizesAndPieces(t *testing.T) {
	const dim = 3
	addr := serve(t, dim, answerAll)
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{
			Dim:        dim,
			MaxVectors: rapid.IntRange(1, 4).Draw(rt, "max_vectors"),
			Window:     rapid.IntRange(1, 6).Draw(rt, "window"),
		}
		pieces := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 20).Draw(rt, "pieces")
		callers := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(1, 12), 1, 5), 1, 5).Draw(rt, "callers")

		conn, err := net.Dial("tcp", addr)
		if err != nil {
			rt.Fatal(err)
		}
		c := start(&choppyConn{Conn: conn, pieces: pieces}, cfg)
		defer c.Close()
		var done sync.WaitGroup
		for g, sizes := range callers {
			done.Go(func() {
				for k, vectors := range sizes {
					rows, want := rowsFrom(1000*g+100*k, vectors, dim)
					got := make([]float32, vectors)
					if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
						rt.Errorf("caller %d, call %d: %v, %v; want %v", g, k, got, err, want)
						return
					}
				}
			})
		}
		done.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.answered != c.admitted || c.waiting != 0 || len(c.window) != 0 {
			rt.Errorf("at rest: admitted %d, answered %d, waiting %d, window %d", c.admitted, c.answered, c.waiting, len(c.window))
		}
	})
}
