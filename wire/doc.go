// Package wire is disrust's protocol, version 1: little-endian frames of float32 in a
// byte stream, without a handshake.
//
//	request   u32 n, then n*dim float32, row after row; 1 <= n <= max_vectors
//	response  u32 n, then n float32, one score per vector, same order
//
// A client may pipeline requests without limit. On each connection, responses come back in
// the order of the requests. A count outside 1..max_vectors is a violation. The frames
// before it are valid. Nothing after it can be read, because the stream has no other
// mark where the next frame begins.
//
// The package holds no state and owns no memory. Parsing looks at the bytes received
// so far and says which frame they begin with. It gives the same frames however the
// stream was split, and never reads past its input. Copying and appending move bits:
// NaN payloads, infinities, denormals and -0 arrive as they were sent, on machines of
// either byte order. Only an append that outgrows its dst allocates.
//
// A server uses ParseRequest, CopyRows and AppendResponse. A client uses AppendRequest,
// ParseResponse and CopyScores. A server that scores requests where they were received
// uses ParseRun, Floats, PutHeaders and PutSingles. All are pure functions, and any
// number of goroutines may call them on memory that they do not share.
package wire
