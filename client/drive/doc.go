// Package drive drives a server with load over raw sockets, verifies every
// response, and measures latencies that leave nothing out.
//
// # Loops
//
// In a closed loop each connection holds a window of requests in flight: an
// answer lets the next request go. It finds what a server can do at most; its
// latencies are those of a server that is never asked while it is slow.
//
// In an open loop requests are due on a schedule that knows nothing of the
// answers, as those of independent users. Two latencies are kept:
//
//   - corrected (Latency): from the moment a request was due. If the window or
//     the socket of its connection was full, that wait is in it.
//   - uncorrected (Service): from the moment it was offered to the socket. A
//     server that pauses shows here only in what it had been sent.
//
// A third figure is the generator's own: Lag, from the moment a request was due
// to its write, of those requests whose connection had room for them all that
// time. Lag is part of Latency; a run in which it matters is not valid.
//
// # Validity
//
// A run is not valid, because the generator was its bottleneck, when
//
//   - it wrote 1 % of the requests more than 1 ms late, or more than 50 us and
//     a tenth of the p99 of Latency; or
//   - a thread of the generator was busy for more than 95 % of its time (Busy:
//     not waiting for sockets, for the next request to be due, or for the other
//     threads to end; with the portable driver the share of the CPUs it used). In
//     a closed loop the server might then do more; in an open one, responses were
//     read late.
//
// One request in a thousand or fewer written late do not spoil a run, but they
// may be all there is beyond p99.9. So each percentile has the second half of
// the first rule for itself: Lagged tells of which figures the generator's lag
// is a large part.
//
// # Endings
//
// A run sends no more when its quota is met, its duration over or its context
// ended. It then awaits what is in flight, however long that takes, but no
// longer than Config.Stall without an answer on any connection that owes one.
// The last interval lasts until the last answer, so that rates are true. In an
// open loop, requests that were due by then but had found their connection full
// are not sent: they count as Unsent, and in Latency with the time they had
// waited. Without that count the worst latencies would be missing.
//
// A wrong byte, a byte too many, a connection closed early, or a Stall ends the
// whole run at once with an error.
//
// # Bounds
//
// An open loop without a window has up to 1,048,576 requests due and unanswered.
// Beyond it the schedule waits, not its due times: what follows is sent later,
// and its latency counts from when it was due.
//
// # Form
//
// A lane is one connection without its I/O: a state machine that takes and gives
// bytes and is told the time. A crew is the lanes of one thread and their share
// of the schedule. A driver moves the bytes: on Linux a thread for every two
// CPUs with epoll on nonblocking sockets, one read and one write an event;
// elsewhere goroutines with package net, exact to what their timers are. The
// drivers differ in cost and precision, in nothing else.
//
// Requests are a cycle of bytes made beforehand, so sending copies nothing in
// user space and verifying is a comparison. A thread that waits for a request to
// be due sleeps until 100 us before, then polls: from 10,000 requests a second a
// thread on it fills its core, below that it takes that share of one.
package drive
