package oip

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// kind says what is wrong, as a status of HTTP and as a code of gRPC.
type kind struct {
	status int
	code   codes.Code
}

var (
	invalid     = kind{http.StatusBadRequest, codes.InvalidArgument}
	foreign     = kind{http.StatusForbidden, codes.PermissionDenied}
	notFound    = kind{http.StatusNotFound, codes.NotFound}
	wrongMethod = kind{http.StatusMethodNotAllowed, codes.Unimplemented}
	late        = kind{http.StatusRequestTimeout, codes.DeadlineExceeded}
	tooLarge    = kind{http.StatusRequestEntityTooLarge, codes.ResourceExhausted}
	encoded     = kind{http.StatusUnsupportedMediaType, codes.Unimplemented}
	failed      = kind{http.StatusInternalServerError, codes.Internal}
	busy        = kind{http.StatusServiceUnavailable, codes.Unavailable}
)

// failure is an error for a client: a sentence, and what kind of error it is.
type failure struct {
	kind
	sentence string
}

func failf(k kind, format string, args ...any) error {
	return &failure{k, fmt.Sprintf(format, args...)}
}

func (f *failure) Error() string { return f.sentence }

// GRPCStatus is what package status asks an error for.
func (f *failure) GRPCStatus() *status.Status { return status.New(f.code, f.sentence) }

// failureOf returns what a client is told of an error.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{late, "the request's time is over"}
	case errors.Is(err, context.Canceled):
		return &failure{kind{http.StatusServiceUnavailable, codes.Canceled}, "the client has left"}
	}
	return &failure{failed, "the server failed"}
}
