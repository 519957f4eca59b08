// Package batcher drains a ring of scoring requests, runs a [Model] over whole
// batches of rows and publishes the scores.
//
// # Data
//
// A [Source] is the memory of one producer of requests: its rows, packed one after
// the other without headers, and the scores of each row. A [Request] and a
// [Response] hold only numbers: the source, the first row, how many rows, and an
// opaque key. They hold no Go pointer, so the garbage collector has nothing to scan.
//
//	requests  ┌ key row=7 vectors=2 ┐ ┌ key row=9 vectors=1 ┐
//	               │                       │
//	rows      … │ row 7 │ row 8 │ row 9 │ …     one matrix of 3 rows, no copy
//	scores    … │   s7  │   s8  │   s9  │ …     the model's out slice
//
// Requests of one source that follow each other both in the ring and in its rows are
// one run. The model gets the run as one matrix and writes its scores in place.
//
// # Contract
//
//   - One goroutine owns a Batcher and alone calls Poll or Run. It is an I/O thread
//     that polls the batcher after parsing what arrived, or a thread of its own.
//   - The batcher answers every request that it takes from the ring exactly once, on
//     the response ring of its source, in the order of the request ring.
//   - Rows and scores of a request belong to the batcher from the Publish that
//     reveals the request until the Poll that returns its response.
//   - The response ring of a source must have room for every request that the source
//     has in flight. The source ensures that before it publishes, so the batcher never
//     waits for room. If a response ring is full, the batcher panics.
//   - The batcher frees the slot of a request before it publishes the response. So a
//     source that never has more in flight than its share of the request ring always
//     finds room there.
//   - If the model fails or panics for a run, the batcher scores the run again request
//     by request. Only requests for which the model fails again are answered as failed,
//     with the first row for which it fails alone. The process goes on.
//   - If the model ends the goroutine (runtime.Goexit), the call of the batcher does not
//     return. A deferred function learns it from Exited.
//   - The batcher wakes each source with answers at most once per batch.
//   - Replace puts another model in the place of the first one, between two batches. Each source
//     learns it in its place among the answers.
//
// # Without the rings
//
// The goroutine that owns a Batcher may also give it rows that lie elsewhere, such as
// in a receive buffer. ScoreInPlace and, for a [StridedScorer], ScoreApart answer at
// once. A [Layout] tells ScoreInPlace where the requests lie. Both stop at the first
// request for which the model fails. They report and count failures and requests as
// Poll does.
//
// # Ordering
//
// Writes to rows happen before the request's Publish, which happens before the
// batcher's Poll. Writes to scores happen before the response's Publish, which happens
// before the source's Poll. The rings are the only synchronisation.
package batcher
