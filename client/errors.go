package client

import (
	"errors"
	"fmt"
	"strings"

	"github.com/disrust/disrust/wire"
)

// ErrClosed is the error of a call that was started after Close.
var ErrClosed = errors.New("client: closed")

// ErrStalled is the reason why the Client closed a connection that had requests in
// flight and stayed silent for Config.StallTimeout. *ConnectionLost wraps it.
var ErrStalled = errors.New("server has been silent for too long")

// GaveUp is the error of a call that was abandoned before its answer came. It wraps
// context.DeadlineExceeded if the context's deadline or Config.Timeout passed, and
// context.Canceled if the context was canceled.
type GaveUp struct {
	// Written says whether a request of the call was written, at least in part. If
	// true, the server may have scored it. If false, the server will never see it.
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

// ConnectionLost is the error of a call whose connection ended after a request had
// been written and before its answer came. Config.Retry did not allow to send the
// request again.
type ConnectionLost struct {
	Addr string // the server's address, as in Config.Addrs

	// Written says whether the kernel took the request, at least in part, so that
	// the server may have scored it. It is true for every call that ends with this
	// error, because a request that was not written moves to another connection. It
	// is false in a ConnectionLost inside *Unavailable, whose connection ended
	// unused.
	Written bool

	// Err is why the connection ended: io.EOF if the server closed it, ErrStalled, a
	// *ProtocolError, or the network's error.
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

// ModelFailed is the error of a call with a request that reached the model and that the
// model did not score. Other calls go on, also those on the same connection. The same
// rows would probably fail again, so the Client does not send them again.
type ModelFailed struct {
	Addr string // the server's address, as in Config.Addrs

	// Code is wire.ModelError, wire.ModelPanic, or one that this package does not know.
	Code uint32

	// Row is the first row of the call that fails even alone, or -1 if the server does
	// not know it.
	Row int
}

func (e *ModelFailed) Error() string {
	row := ""
	if e.Row >= 0 {
		row = fmt.Sprintf(" for row %d", e.Row)
	}
	switch e.Code {
	case wire.ModelError:
		return fmt.Sprintf("client: the model of %s returned an error%s; the server's log has it", e.Addr, row)
	case wire.ModelPanic:
		return fmt.Sprintf("client: the model of %s panicked%s; the server's log says more", e.Addr, row)
	}
	return fmt.Sprintf("client: %s failed a request with code %d", e.Addr, e.Code)
}

// Unavailable means that no connection stands and that the last attempt to connect
// has failed for every address. The Client keeps trying, so a later call may
// succeed.
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

// DimError means that a call's rows are not one vector for each of the scores, or group of
// scores, that its dst has room for. Nothing was sent.
type DimError struct {
	Bytes   int // size of the rows
	Scores  int // len(dst)
	Dim     int // features per vector of the model
	Outputs int // scores per vector of the model
}

func (e *DimError) Error() string {
	switch rowBytes := (wire.Format{Dim: e.Dim}).RowBytes(); {
	case e.Outputs == 1:
		return fmt.Sprintf("client: the rows have %d bytes; %d scores of dim %d need %d bytes",
			e.Bytes, e.Scores, e.Dim, e.Scores*rowBytes)
	case e.Scores%e.Outputs != 0:
		return fmt.Sprintf("client: there is room for %d scores, which is no multiple of the model's %d scores per vector",
			e.Scores, e.Outputs)
	default:
		return fmt.Sprintf("client: the rows have %d bytes; %d scores, %d per vector of dim %d, need %d bytes",
			e.Bytes, e.Scores, e.Outputs, e.Dim, e.Scores/e.Outputs*rowBytes)
	}
}

// ProtocolError is the reason why the Client closed a connection: a response that
// answers no request, or another violation of the protocol. The Client cannot trust
// any score after it. *ConnectionLost wraps it.
type ProtocolError struct {
	Got   int    // count of the response
	Want  int    // count of the request that it should answer; 0 if none was in flight
	Reply string // what the server sent, if it was no response; then Got and Want are 0
}

func (e *ProtocolError) Error() string {
	if e.Reply != "" {
		return e.Reply
	}
	if e.Want == 0 {
		return fmt.Sprintf("response of %d scores without a request", e.Got)
	}
	return fmt.Sprintf("response of %d scores to a request of %d vectors", e.Got, e.Want)
}
