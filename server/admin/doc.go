// Package admin is the admin port of a server: an HTTP handler that says whether the server is ready, what
// it serves and what it has counted, and that reloads its model.
//
//	/                      a page for a browser: what the server does now, and what it did in the last hour
//	/livez                 200 while the process lives
//	/readyz                200 while the server is ready, else 503; the body is the state
//	/metrics               counters and gauges in Prometheus' text format
//	/status                the same and more, as JSON
//	/stages                how long requests took, as JSON with all buckets
//	/slow                  the latest reads that were slower than 99.9 % of the others, as JSON
//	/history               what the server did in the last hour, as JSON with an element for each five seconds
//	/model                 what the last reload came to, as JSON
//	/model/reload          POST: reload the model
//	/model/rollback        POST: go back to the model before
//	/debug/pprof/          profiles of the process, if [Options] has a handler for them
//
// [Life] is the [Source] of a program that serves with package server. [Handler] goes into the program's own
// HTTP server; [Serve] opens one with timeouts and bounds, and keeps the history.
//
// All of it runs on goroutines of net/http, and on one that takes a sample of the history every five seconds. It asks the server for what its threads have left in shared
// memory, so the threads neither wait nor work for it. It allocates, and they do not: a process that is
// scraped collects garbage now and then.
//
// There is no authentication. Whoever reaches the port may read all of this and reload the model.
package admin
