// Package eventfd wraps Linux's eventfd(2): a counter in the kernel with a file
// descriptor. One thread adds to the counter to wake another thread, which sleeps
// in a read, in poll, in epoll or in io_uring.
//
// # Ownership
//
// An [EventFD] owns its descriptor until Close. Any number of goroutines may
// call Signal and Read at the same time. No goroutine may be in Signal or Read
// when Close is called.
//
// # Ordering
//
// What happened before a Signal is visible after the Read, or the completed
// io_uring read, that takes its count: the kernel changes the counter under a
// lock. But the Go memory model does not define this order, and the race detector
// does not see it. So data that is handed over also needs an atomic of its own,
// such as the cursor of a ring.
//
// # Invariants
//
// No count is lost: the counts that Read returns add up to the number of Signals.
// Several Signals without a Read between them cause one wake-up.
//
// # Cost
//
// Each call makes one system call and does not allocate. Signal a thread only if
// it sleeps: a wake-up costs more than most of the work that it announces.
//
// On systems other than Linux the package compiles, and New returns an error.
package eventfd
