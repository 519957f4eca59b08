// Package wire is disrust's protocol, version 1: frames of float32 over a byte
// stream, little-endian, without a handshake.
//
//	request   u32 n, then n*dim float32, row after row; 1 <= n <= max_vectors
//	response  u32 n, then n float32, one score per vector, same order
//
// Requests may be pipelined without limit; responses come back in request
// order on each connection. A count outside 1..max_vectors is a violation:
// frames before it stand, and nothing after it can be read, because the stream
// has no other mark where the next frame begins.
//
// The package holds no state and owns no memory. Parsing looks at the bytes
// received so far and says what they begin with; it gives the same frames
// however the stream was split, and never reads past its input. Copying and
// appending move bits: NaN payloads, infinities, denormals and -0 arrive as
// they were sent, on machines of either byte order. Nothing allocates except
// an append that outgrows its dst.
//
// The server's side is ParseRequest, CopyRows and AppendResponse; the client's
// is AppendRequest, ParseResponse and CopyScores. All are pure functions and
// safe for any number of goroutines on memory that they do not share.
package wire
