// Package server puts a model behind TCP ports and Unix sockets, at the lowest latency and
// cost that Linux allows. It uses io_uring from Linux 5.19 on, and epoll where io_uring is
// forbidden or absent. It does not build on other systems.
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//	defer stop()
//	cfg := server.DefaultConfig()
//	cfg.ModelName, cfg.Model = "mine", mine{}
//	err := server.Run(ctx, cfg)
//
// # What it does
//
// An I/O thread owns its connections: it accepts them, receives, finds the requests in what
// it received, and sends the answers. [BatchThreads] says where requests are scored. Inline,
// which is the default for most models, each I/O thread scores its own requests where it
// received them. Dedicated, the I/O threads copy rows into pools and publish requests to one
// ring; a batch thread drains that ring, runs the model over whole batches, and answers over
// one response ring per I/O thread.
//
// # Contract
//
//   - The server answers each whole request once, in order, on the request's connection, or
//     it closes that connection.
//   - The [Config] fixes the server's memory, plus a bound per connection. The server does not
//     read what it has no room for, and TCP holds the sender back.
//   - [Server.Shutdown] answers what has arrived before it closes connections.
//   - When the model returns an error or panics, the server answers the request with a
//     failure. A connection of version 1 of the protocol, which has no failures, ends after
//     its earlier answers. The process lives.
//   - When the model ends the goroutine that called it (runtime.Goexit), or unlocks its OS
//     thread (runtime.UnlockOSThread) so that an io_uring cannot go on, the server closes its
//     connections and ends, and [Server.Shutdown] and [Run] return the cause.
//   - When a Server has ended, it holds no descriptor, memory or thread any more.
//   - The server allocates nothing while it scores.
//
// A Server raises GOMAXPROCS, so that a thread which it has locked never waits for a P.
package server
