// Package eventfd wraps Linux's eventfd(2): a counter in the kernel that one
// thread adds to and another sleeps on, through a file descriptor that poll,
// epoll and io_uring can wait for.
//
// # Ownership
//
// An [EventFD] owns its descriptor until Close. Any number of goroutines may
// call Signal and Read at once; none may be in either when Close is called.
//
// # Ordering
//
// What happened before a Signal is visible after the Read (or the completed
// io_uring read) that takes its count: the kernel changes the counter under a
// lock. The Go memory model does not name this edge and the race detector does
// not see it; data handed over by it wants an atomic of its own, such as the
// cursor of a ring.
//
// # Invariants
//
// Counts are never lost: the sum of what Read returns is the number of Signals
// taken. Signals without a Read between them add up to one wake-up.
//
// # Cost
//
// One system call each, no allocation. Signal only sleepers: a wake-up costs
// more than most of the work it announces.
//
// On systems other than Linux the package compiles and New fails.
package eventfd
