// Package batcher drains a ring of scoring requests, runs a [Model] over whole
// batches of rows and publishes the scores.
//
// # Data
//
// A [Source] is the memory of one producer of requests: its rows, packed one
// after the other without headers, and one score beside each row. A [Request]
// and a [Response] hold numbers only: which source, which of its rows, how many,
// and an opaque key. Nothing on the way holds a Go pointer, so the garbage
// collector has nothing to scan.
//
//	requests  ┌ key row=7 vectors=2 ┐ ┌ key row=9 vectors=1 ┐
//	               │                       │
//	rows      … │ row 7 │ row 8 │ row 9 │ …     one matrix of 3 rows, no copy
//	scores    … │   s7  │   s8  │   s9  │ …     the model's out slice
//
// Requests of one source that follow each other in the ring and in its rows are
// one run: the model sees the run as one matrix and writes its scores in place.
//
// # Contract
//
//   - A Batcher is owned by one goroutine, which alone calls Poll or Run: an I/O
//     thread that polls it after parsing what arrived, or a thread of its own.
//   - Every request taken from the ring is answered exactly once, on the response
//     ring of its source, in the order of the request ring.
//   - Rows and scores of a request belong to the batcher from the Publish that
//     reveals the request until the Poll that returns its response.
//   - The response ring of a source has room for every request the source has in
//     flight; the source sees to that before it publishes, so the batcher never
//     waits for room. A full one is a breach of this contract and panics.
//   - The slot of a request is free again before its response can be seen: a source
//     that never has more in flight than its share of the request ring always
//     finds room there.
//   - A model that fails or panics fails the requests it fails for and no others:
//     the run is scored again request by request. The process lives.
//   - Each source with answers is woken at most once a batch.
//
// # Without the rings
//
// The goroutine that owns a Batcher may also hand it rows that lie somewhere else,
// such as in a receive buffer: ScoreInPlace and, for a [StridedModel], ScoreApart
// answer at once. Failures and counts are as of requests that came through a ring.
//
// # Ordering
//
// Writes to rows happen before the request's Publish, which happens before the
// Poll here; writes to scores happen before the response's Publish, which happens
// before the source's Poll. The rings are the only synchronisation.
package batcher
