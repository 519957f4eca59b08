package client

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by Score after Close.
var ErrClosed = errors.New("client: closed")

// DimError is returned by Score when rows does not hold one vector for each
// element of dst. Nothing was sent.
type DimError struct {
	Rows   int // len(rows)
	Scores int // len(dst)
	Dim    int // features per vector of this Client
}

func (e *DimError) Error() string {
	return fmt.Sprintf("client: %d features given for %d scores; %d of dim %d are needed", e.Rows, e.Scores, e.Scores*e.Dim, e.Dim)
}

// ConnectionLost is returned by Score when the connection ended before the
// answer came, and by every Score after that.
type ConnectionLost struct {
	// Written says whether the request was given to the kernel, at least in
	// part: the server may have scored it. When false it certainly has not.
	Written bool
	// Err is why the connection ended: io.EOF when the server closed it, a
	// *ProtocolError when its bytes made no sense, else the network's error.
	Err error
}

func (e *ConnectionLost) Error() string {
	when := "before the request was written"
	if e.Written {
		when = "while waiting for the answer"
	}
	return fmt.Sprintf("client: connection lost %s: %v", when, e.Err)
}

// Unwrap returns Err.
func (e *ConnectionLost) Unwrap() error { return e.Err }

// ProtocolError is why a Client closed its connection itself: a response that
// answers no request. No score after it can be trusted.
type ProtocolError struct {
	Got  int // count of the response
	Want int // count of the request it should answer; 0 when none was open
}

func (e *ProtocolError) Error() string {
	if e.Want == 0 {
		return fmt.Sprintf("client: response of %d scores without a request", e.Got)
	}
	return fmt.Sprintf("client: response of %d scores to a request of %d vectors", e.Got, e.Want)
}
