//go:build linux

package rawtest

import (
	"context"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/testflag"
)

// TestSize: Size leaves alone what a test has set. Under -tiny the rest is the least with
// which a server starts.
func TestSize(t *testing.T) {
	before := *testflag.Tiny
	t.Cleanup(func() { *testflag.Tiny = before })
	for _, test := range []struct {
		tiny                               bool
		threads, response                  int // set by the test
		wantPool, wantRequest, wantRespond int
	}{
		{false, 2, 0, 1 << 20, 1 << 12, 1 << 10},
		{false, 2, 16, 1 << 20, 1 << 12, 16},
		{true, 2, 0, 4 * 3 * 7, 4, 4},
		{true, 4, 16, 4 * 3 * 7, 4, 16},
		{true, 5, 0, 4 * 3 * 7, 8, 4},
	} {
		*testflag.Tiny = test.tiny
		cfg := Config()
		cfg.Dim, cfg.MaxVectors, cfg.IOThreads, cfg.ResponseRing = 3, 7, test.threads, test.response
		Size(&cfg)
		if cfg.PoolBytes != test.wantPool || cfg.RequestRing != test.wantRequest || cfg.ResponseRing != test.wantRespond {
			t.Errorf("%+v: pool %d, rings %d and %d", test, cfg.PoolBytes, cfg.RequestRing, cfg.ResponseRing)
		}
		s, err := server.Start(context.Background(), cfg)
		Check(t, err)
		Check(t, s.Shutdown(t.Context()))
	}
}
