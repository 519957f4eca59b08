// Package wire is disrust's protocol, versions 1 and 2: little-endian messages in a byte
// stream. Its README.md is the whole protocol, byte by byte. In short:
//
//	request   u32 n, then n*dim float32, row after row; 1 <= n <= max_vectors
//	response  u32 n, then n*outputs float32, the scores of vector after vector
//
// A client may pipeline requests without limit. On each connection, responses come back in
// the order of the requests. A count outside 1..max_vectors is a violation. The frames
// before it are valid. Nothing after it can be read, because the stream has no other
// mark where the next frame begins.
//
// A connection that begins with a request speaks version 1, where nothing else is sent. One
// that begins with a [Hello] speaks version 2. Its server sends a [Welcome] first, which
// states the [Format]. Then each request gets a response or a [Failure], and a [Notice] may
// stand before, between and after these.
//
// The package holds no state and owns no memory. Parsing looks at the bytes received
// so far and says which frame they begin with. It gives the same frames however the
// stream was split, and never reads past its input. Copying and appending move bits:
// NaN payloads, infinities, denormals and -0 arrive as they were sent, on machines of
// either byte order. An append that outgrows its dst allocates, and so do the names and
// sentences of hellos and welcomes. Nothing else does.
//
// A server uses ParseRequest, CopyRows and AppendResponse. A client uses AppendRequest,
// ParseResponse and CopyScores. A server that scores requests where they were received
// uses ParseRun, Floats, PutHeaders and PutSingles. In version 2 a server judges the hello
// with [Welcome.Judge], and a client reads the stream with ParseReply. All are pure functions,
// and any number of goroutines may call them on memory that they do not share.
package wire
