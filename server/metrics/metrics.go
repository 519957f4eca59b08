// Package metrics declares everything that a server measures, each metric once.
//
// A metric is a field of [Counters], [Gauges] or [Peaks]. The field's name is the metric's
// name: in Go as it is written, elsewhere in snake case. RequestRingFull is
// request_ring_full on the daemon's metrics line and in the README. The field's tags are the
// metric's unit and its description, and its name at /metrics if that is not disrust_, the name and,
// for a counter, _total. To add a metric, add a field: the server sums, prints
// and documents every metric that is declared here.
package metrics

// Counters count what has happened since the server started. They only grow.
type Counters struct {
	Requests uint64 `unit:"requests" help:"requests that were scored where they were received, or admitted to the pool"`
	Answers  uint64 `unit:"requests" help:"requests whose scores were handed to their connection"`

	Vectors       uint64 `unit:"vectors" help:"vectors of these requests"`
	ReceivedBytes uint64 `unit:"bytes" help:"bytes that were received, also what was then dropped"`
	SentBytes     uint64 `unit:"bytes" help:"bytes of answers, welcomes and notices that were handed to the kernel"`

	Batches    uint64 `unit:"batches" help:"runs of requests scored where they were received, and polls of a request ring that found requests"`
	ModelCalls uint64 `unit:"calls" help:"calls of the model"`
	Rows       uint64 `unit:"rows" help:"rows that the model was given; divided by the calls: rows scored together"`
	EmptyPolls uint64 `unit:"polls" help:"polls of a request ring that found none"`

	RequestRingFull  uint64 `unit:"requests" help:"requests that waited because their thread's share of the request ring was taken"`
	ResponseRingFull uint64 `unit:"requests" help:"requests that waited because the response ring could not have taken their answer"`
	PoolFull         uint64 `unit:"requests" help:"requests that waited for room in the pool of rows"`
	PoolTooLarge     uint64 `unit:"requests" help:"requests larger than the whole pool, whose connections were closed; a Config that Start accepts allows none"`
	HeldAnswers      uint64 `unit:"requests" help:"requests whose answers waited because their peer had not read earlier ones"`
	BuffersExhausted uint64 `unit:"receives" help:"receives that found no receive buffer and were retried"`
	KernelBusy       uint64 `unit:"waits" help:"waits of a millisecond because the kernel had no memory for an operation"`

	Accepted     uint64 `exposed:"connections_accepted" unit:"connections" help:"connections that were accepted and kept"`
	Refused      uint64 `exposed:"connections_refused" unit:"connections" help:"connections closed on arrival because MaxConns were open"`
	Denied       uint64 `exposed:"connections_denied" unit:"connections" help:"connections closed because Allow does not have their peer's address: on arrival, or after a PROXY header that names it, and those count as accepted too"`
	Closed       uint64 `exposed:"connections_closed" unit:"connections" help:"connections that ended, after having been accepted"`
	AcceptErrors uint64 `unit:"times" help:"times a thread stopped accepting for a while because descriptors or memory ran out"`

	LateRequests    uint64 `unit:"connections" help:"connections ended because a request, hello or PROXY header was not finished within the request timeout"`
	IdleConns       uint64 `unit:"connections" help:"connections ended because they asked nothing for the idle timeout"`
	OldConns        uint64 `unit:"connections" help:"connections whose end began because they had reached the greatest age"`
	Hellos          uint64 `unit:"connections" help:"connections that began with a hello: they speak version 2 of the protocol"`
	RefusedHellos   uint64 `unit:"connections" help:"connections ended because their hello expected something else than what is served"`
	ProtocolErrors  uint64 `unit:"connections" help:"connections ended because their peer broke the protocol"`
	ModelFailures   uint64 `unit:"requests" help:"requests for which the model returned an error or panicked"`
	Reloads         uint64 `unit:"times" help:"times the server began to serve another model"`
	ReloadFailures  uint64 `unit:"times" help:"times a reload or a rollback was refused, and the server went on with its model"`
	OipHTTPRequests uint64 `unit:"requests" help:"requests for scores by the Open Inference Protocol over HTTP, those that failed included; no other counter has them"`
	OipHTTPFailures uint64 `unit:"requests" help:"those of them that failed, or whose client left"`
	OipGRPCRequests uint64 `unit:"requests" help:"requests for scores by the Open Inference Protocol over gRPC, those that failed included; no other counter has them"`
	OipGRPCFailures uint64 `unit:"requests" help:"those of them that failed, or whose client left"`

	LinesLost uint64 `unit:"lines" help:"log lines lost because nothing took them in time"`
}

// Gauges measure the server's state now.
type Gauges struct {
	IOUring int64 `unit:"flag" help:"1: the I/O threads use io_uring; 0: they use epoll"`

	Conns           int64 `unit:"connections" help:"open connections"`
	MaxConnections  int64 `unit:"connections" help:"connections that may be open at once: MaxConns"`
	InFlight        int64 `unit:"requests" help:"requests in the pool that wait for their answer; requests scored where they were received are never among them"`
	PoolBytes       int64 `unit:"bytes" help:"bytes of the pool that hold rows"`
	BuffersHeld     int64 `unit:"buffers" help:"receive buffers held by connections whose requests wait for room"`
	BlocksInUse     int64 `unit:"blocks" help:"blocks that hold the beginning of a request, or answers that were not sent"`
	RequestsInRing  int64 `unit:"requests" help:"slots in use of the request ring, or of all of them"`
	ResponsesInRing int64 `unit:"requests" help:"slots in use of all response rings"`
}

// Peaks are the highest values since the peaks were last taken, on the busiest I/O thread.
// Requests that are scored where they were received do not raise any of them.
type Peaks struct {
	MaxInFlight  int64 `unit:"requests" help:"most requests in flight at once"`
	MaxResponses int64 `unit:"requests" help:"most answers found in a response ring at once"`
	MaxPoolBytes int64 `unit:"bytes" help:"most bytes of the pool that held rows at once"`
}

// Snapshot holds the counters and gauges of a server at one moment.
type Snapshot struct {
	Counters
	Gauges
}
