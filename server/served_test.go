//go:build linux

package server_test

import (
	"sync"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestServedModel: while models are replaced, what Served returns belongs together: the model, its identity and the generation.
func TestServedModel(t *testing.T) {
	rawtest.EachPlacement(t, servesNumbered, func(t *testing.T, s *rawtest.Server) {
		const models = 20
		check := func(served server.Served) {
			number := int(served.Model.(*numbered).number)
			if served.Identity != identityOf(number) || int(served.Generation) != number || served.Format != s.About().Format || served.Name != s.About().ModelName {
				t.Errorf("model %d: %+v", number, served)
			}
		}
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for last := uint32(0); ; {
					served := s.Served()
					check(served)
					if served.Generation < last {
						t.Errorf("generation %d after %d", served.Generation, last)
					}
					last = served.Generation
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		for number := 1; number <= models; number++ {
			reload(t, s, number)
			if served := s.Served(); int(served.Generation) != number {
				t.Errorf("generation %d after %d reloads", served.Generation, number)
			}
		}
		close(stop)
		readers.Wait()
		allocs := testing.AllocsPerRun(10, func() { s.Served() })
		if allocs != 0 {
			t.Errorf("%v allocations", allocs)
		}
	})
}
