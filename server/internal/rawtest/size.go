//go:build linux

package rawtest

import (
	"cmp"
	"log/slog"
	"math/bits"
	"runtime"
	"strconv"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/testflag"
	"github.com/disrust/disrust/wire"
)

// tinySlots is the capacity of the rings under -tiny.
const tinySlots = 4

// Config returns the daemon's configuration, with four changes. The kernel chooses the
// port. There is no RequestTimeout, which a slow machine would exceed. Nothing is logged. Size
// must fill in the rings and the pool.
func Config() server.Config {
	cfg := server.DefaultConfig()
	cfg.Port, cfg.RequestTimeout, cfg.Log = 0, 0, slog.New(slog.DiscardHandler)
	cfg.PoolBytes, cfg.RequestRing, cfg.ResponseRing = 0, 0, 0
	return cfg
}

// Size sets the sizes of the rings and the pool where cfg has 0. The server then starts
// quickly; under -tiny it gets the smallest sizes that cfg allows.
func Size(cfg *server.Config) {
	pool, requests, responses := 1<<20, 1<<12, 1<<10
	if *testflag.Tiny {
		pool = 4 * cmp.Or(cfg.Dim, wire.DefaultDim) * cfg.MaxVectors // enough for models of a smaller dim as well
		threads := cmp.Or(cfg.IOThreads, runtime.NumCPU())
		requests, responses = 1<<bits.Len(uint(max(threads, tinySlots)-1)), tinySlots
	}
	cfg.PoolBytes = cmp.Or(cfg.PoolBytes, pool)
	cfg.RequestRing = cmp.Or(cfg.RequestRing, requests)
	cfg.ResponseRing = cmp.Or(cfg.ResponseRing, responses)
}

// TinyFlags returns, under -tiny, the daemon's flags for the smallest pool and for rings of
// four slots, enough for four I/O threads. Otherwise it returns none.
func TinyFlags() []string {
	if !*testflag.Tiny {
		return nil
	}
	slots := strconv.Itoa(tinySlots)
	return []string{"--pool-mib", "1", "--request-ring", slots, "--response-ring", slots}
}
