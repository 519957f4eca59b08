// Package drive is a load generator. It loads a server over raw sockets, verifies
// every response, and measures latencies from which no slow request is missing.
//
// # Loops
//
// In a closed loop each connection keeps a window of requests in flight, and each
// answer lets the next request go. It finds the highest rate of a server. While the
// server is slow it sends few requests, so its latencies understate the slowness.
//
// In an open loop requests fall due on a schedule that does not depend on the
// answers, as the requests of independent users do. The generator keeps two
// latencies:
//
//   - corrected (Latency): from the moment a request was due to its answer. If
//     the window or the socket of its connection was full, Latency includes that
//     wait.
//   - uncorrected (Service): from the moment the request was offered to the
//     socket. When a server pauses, only the requests already sent show it here.
//
// A third figure is about the generator itself. Lag is the time from the moment a
// request was due to its write, if its connection had room during all that time.
// Lag is part of Latency. A run in which it matters is not valid.
//
// # Validity
//
// A run is not valid if the generator was its bottleneck. That is so if
//
//   - the generator wrote 1 % of the requests more than 1 ms late, or so late that
//     their lag is above 50 us and above a tenth of the p99 of Latency; or
//   - a thread of the generator was busy for more than 95 % of its time. A thread
//     is busy when it does not wait for sockets, for the next request to fall due,
//     or for the other threads to end. With the portable driver, Busy is the share
//     of the CPUs that the process used. In a closed loop the server might do more
//     than such a run shows; in an open loop such a run read responses late.
//
// A thread of the generator polls for the next request that falls due. If the server's
// threads and it want more CPUs than there are, it waits for one until the kernel's next
// tick, which takes milliseconds. On Linux, Delayed says how long it has waited in all. On
// two CPUs with a server that polls too, one request in a hundred may be late, however low
// the rate.
//
// If one request in a thousand or fewer was written late, the run is valid, but the
// figures beyond p99.9 may consist of these requests. So the second half of the
// first rule also applies to each percentile: Lagged says whether the generator's
// lag is a large part of that figure.
//
// # Endings
//
// A run stops sending when its quota is met, its duration is over or its context
// has ended. It then waits for all answers in flight. It gives up if a connection
// that owes an answer gives none for Config.Stall. The last interval lasts until
// the last answer, so that rates are true.
//
// In an open loop some requests may be due at the end whose connection was full.
// They are not sent. They count as Unsent, and in Latency with the time that they
// have waited; without them the worst latencies would be missing.
//
// A wrong score, a surplus byte, a connection closed early or a Stall ends the whole
// run at once with an error. With Config.Reconnect a connection that is closed early or
// stalls is remade instead, and the run counts what was lost.
//
// In version 2 of the protocol a failed request ends the run in the same way. When the server
// says that it is going away, the run stops sending, half-closes those connections, waits for
// all answers, and returns ErrGoingAway. With Reconnect the failed request counts as an error,
// and the run goes on over new connections. Unknown notices are skipped.
//
// # Bounds
//
// An open loop without a window has at most 1,048,576 requests due and unanswered.
// Beyond that the schedule waits. The requests that follow are sent later, but their
// due times do not move, and their latencies count from when they were due.
//
// # Form
//
// A lane is one connection without its I/O: a state machine that takes bytes, gives
// bytes and is told the time. A crew is the lanes of one thread and their share of
// the schedule. A driver moves the bytes. On Linux the driver has a thread for every
// two CPUs, with epoll on nonblocking sockets and one read and one write per event.
// On other systems it has goroutines with package net, and its precision is that of
// Go's timers. The drivers differ only in cost and precision.
//
// Requests are a cycle of bytes made before the run, so sending copies nothing in
// user space and verifying is a comparison. A thread that waits for the next request
// to fall due sleeps until 100 us before that time and then polls. So at 10,000
// requests per second per thread, or more, the thread uses its core in full, and at
// lower rates a proportional share of it.
package drive
