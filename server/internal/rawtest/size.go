//go:build linux

package rawtest

import (
	"cmp"
	"math/bits"
	"runtime"
	"strconv"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/testflag"
)

// tinySlots is what the rings have under -tiny.
const tinySlots = 4

// Config is the daemon's configuration on a port of the kernel's choice and
// without limits of time, which a slow machine would meet; its rings and pool are
// left for Size to fill in.
func Config() server.Config {
	cfg := server.DefaultConfig()
	cfg.Port, cfg.RequestTimeout = 0, 0
	cfg.PoolBytes, cfg.RequestRing, cfg.ResponseRing = 0, 0, 0
	return cfg
}

// Size gives the rings and the pool that cfg leaves at 0 sizes with which a
// server starts quickly or, under -tiny, the least that cfg allows.
func Size(cfg *server.Config) {
	pool, requests, responses := 1<<20, 1<<12, 1<<10
	if *testflag.Tiny {
		pool = 4 * cfg.Dim * cfg.MaxVectors
		threads := cmp.Or(cfg.IOThreads, runtime.NumCPU())
		requests, responses = 1<<bits.Len(uint(max(threads, tinySlots)-1)), tinySlots
	}
	cfg.PoolBytes = cmp.Or(cfg.PoolBytes, pool)
	cfg.RequestRing = cmp.Or(cfg.RequestRing, requests)
	cfg.ResponseRing = cmp.Or(cfg.ResponseRing, responses)
}

// TinyFlags are, under -tiny, those of a daemon with the smallest pool and rings
// of four slots, enough for four I/O threads; otherwise none.
func TinyFlags() []string {
	if !*testflag.Tiny {
		return nil
	}
	slots := strconv.Itoa(tinySlots)
	return []string{"--pool-mib", "1", "--request-ring", slots, "--response-ring", slots}
}
