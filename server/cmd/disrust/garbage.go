//go:build linux

package main

import (
	"runtime/debug"
	"runtime/metrics"
)

// mostGarbage is how much memory the log and the metrics may leave behind before Go collects it.
// The plan counts it as part of the program.
const mostGarbage = 4 << 20

// boundGarbage makes Go collect garbage when there is mostGarbage of it, or a hundredth of the live
// heap if that is more. Left alone, Go waits for as much garbage as there is live heap: so a peer that
// breaks the protocol again and again, each time for a line of the log, could make the daemon take
// the memory of its model and its buffers twice.
//
// It goes by what was live at the last collection. So one comes first: when the model is loaded and the server
// started, and at the end of a reload, which has one of its own.
func boundGarbage() {
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(heap)
	percent := 100 * mostGarbage / max(heap[0].Value.Uint64(), mostGarbage)
	debug.SetGCPercent(max(1, int(percent)))
}
