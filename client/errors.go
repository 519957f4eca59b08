package client

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is how calls end that are started after Close.
var ErrClosed = errors.New("client: closed")

// ErrStalled is why a connection was given up that had requests in flight and
// stayed silent for Config.StallTimeout. It comes inside *ConnectionLost.
var ErrStalled = errors.New("server has been silent for too long")

// GaveUp says that a call was abandoned before its answer came. It wraps
// context.DeadlineExceeded when the context's deadline or Config.Timeout was
// over, context.Canceled when the context was canceled.
type GaveUp struct {
	// Written says whether a request of the call was written, at least in
	// part, or was in a write under way: the server may have scored it. When
	// false it never will.
	Written bool
	Err     error
}

func (e *GaveUp) Error() string {
	when := "before the request was written"
	if e.Written {
		when = "while waiting for the answer"
	}
	return fmt.Sprintf("client: gave up %s: %v", when, e.Err)
}

// Unwrap returns Err.
func (e *GaveUp) Unwrap() error { return e.Err }

// ConnectionLost says that a request's connection ended before its answer
// came, and that it was not, or no longer, to be sent again.
type ConnectionLost struct {
	Addr string // of the server, as in Config.Addrs

	// Written says whether the kernel was given the request, at least in
	// part: the server may have scored it. It is true of every call that ends
	// this way, because a request not written moves to another connection; it
	// is false of connections, inside *Unavailable, that ended unused.
	Written bool

	// Err is why the connection ended: io.EOF when the server closed it,
	// ErrStalled, a *ProtocolError, else the network's error.
	Err error
}

func (e *ConnectionLost) Error() string {
	when := "before a request was answered"
	if e.Written {
		when = "while waiting for the answer"
	}
	return fmt.Sprintf("client: connection to %s lost %s: %v", e.Addr, when, e.Err)
}

// Unwrap returns Err.
func (e *ConnectionLost) Unwrap() error { return e.Err }

// Unavailable says that no connection stands and that the last attempt to make
// one has failed for every address. Attempts go on: a later call may succeed.
type Unavailable struct {
	Errs []error // one for each address
}

func (e *Unavailable) Error() string {
	reasons := make([]string, len(e.Errs))
	for k, err := range e.Errs {
		reasons[k] = strings.TrimPrefix(err.Error(), "client: ")
	}
	return "client: no server can be reached: " + strings.Join(reasons, "; ")
}

// Unwrap returns Errs.
func (e *Unavailable) Unwrap() []error { return e.Errs }

// DimError says that a call's rows are not one vector for each element of its
// dst. Nothing was sent.
type DimError struct {
	Bytes  int // size of the rows
	Scores int // len(dst)
	Dim    int // features per vector of the Client
}

func (e *DimError) Error() string {
	return fmt.Sprintf("client: rows of %d bytes given for %d scores of dim %d; %d bytes are needed",
		e.Bytes, e.Scores, e.Dim, 4*e.Scores*e.Dim)
}

// ProtocolError is why the Client ended a connection itself: a response that
// answers no request. No score after it could be trusted. It comes inside
// *ConnectionLost.
type ProtocolError struct {
	Got  int // count of the response
	Want int // count of the request it should answer; 0 when none was open
}

func (e *ProtocolError) Error() string {
	if e.Want == 0 {
		return fmt.Sprintf("response of %d scores without a request", e.Got)
	}
	return fmt.Sprintf("response of %d scores to a request of %d vectors", e.Got, e.Want)
}
