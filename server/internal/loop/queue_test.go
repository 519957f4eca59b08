//go:build linux

package loop

import (
	"slices"
	"testing"

	"github.com/disrust/disrust/slab"
	"pgregory.net/rapid"
)

// TestQueueIsAList: a queue behaves as a slice from which elements can be removed at any
// position. A connection that has left can join again.
func TestQueueIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		conns, err := slab.New[conn](8)
		if err != nil {
			t.Fatal(err)
		}
		q := queue{conns: conns}
		var all, want []*conn
		for range 8 {
			key, _ := conns.Insert(newConn(0))
			c := conns.Get(key)
			c.key = key
			all = append(all, c)
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				if c := rapid.SampledFrom(all).Draw(t, "conn"); c.queue == nil {
					q.push(c)
					want = append(want, c)
				}
			},
			"leave": func(t *rapid.T) {
				c := rapid.SampledFrom(all).Draw(t, "conn")
				c.leave()
				want = slices.DeleteFunc(want, func(other *conn) bool { return other == c })
			},
			"": func(t *rapid.T) {
				var got []*conn
				for c := q.front(); c != nil; c = conns.Get(c.next) {
					got = append(got, c)
				}
				if !slices.Equal(got, want) || q.count != len(want) {
					t.Fatalf("the queue holds %d connections in another order than the %d that joined", len(got), len(want))
				}
			},
		})
	})
}
