// Package server puts a model behind a TCP port at the lowest latency and cost
// that Linux allows. It runs on io_uring from Linux 5.19 on, and on epoll where io_uring
// is forbidden or absent; on other systems it does not build.
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//	defer stop()
//	cfg := server.DefaultConfig()
//	cfg.Model = "mine"
//	cfg.NewModel = func() (batcher.Model, error) { return mine{}, nil }
//	err := server.Run(ctx, cfg)
//
// # What it does
//
// I/O threads own connections, parse frames, copy rows into a
// ring-shaped pool and publish them to a request ring. A batcher drains the ring,
// runs the model over whole batches and publishes to one response ring an I/O
// thread. The batcher is polled by each I/O thread itself (inline) or runs on a
// thread of its own (dedicated): [BatchThreads].
//
// # Contract
//
//   - Each whole request is answered once, in order, on its own connection, or
//     that connection is closed.
//   - Memory is fixed by the [Config] plus a bound a connection; what finds no
//     room is not read, and TCP tells its sender.
//   - [Server.Shutdown] answers what has arrived before it closes.
//   - A model's error or panic ends the connections whose requests it concerns,
//     after the answers that come before; the process lives.
//   - Nothing is allocated while serving.
//
// A Server raises GOMAXPROCS so that its locked threads never wait for one.
package server
