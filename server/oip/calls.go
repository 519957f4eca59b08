package oip

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
)

// The calls of gRPC beside ModelInfer have messages of a few bytes.
const (
	maxCalls     = 4       // whose messages are read at once; more wait
	maxCallBytes = 4 << 10 // of a message
)

// bounded returns a service whose calls wait for their turn to read their message, and have as long for it as a
// request for scores.
func (p *grpcPort) bounded(d grpc.ServiceDesc) *grpc.ServiceDesc {
	d.Methods = slices.Clone(d.Methods)
	for i, m := range d.Methods {
		d.Methods[i].Handler = func(service any, ctx context.Context, read func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(service, ctx, func(message any) error { return p.readCall(ctx, func() error { return read(message) }) }, around)
		}
	}
	return &d
}

// readCall waits for a turn, and reads the message of a call.
func (p *grpcPort) readCall(ctx context.Context, message func() error) error {
	ctx, cancel := context.WithTimeout(ctx, p.waits.room)
	defer cancel()
	if p.calls.Acquire(ctx, 1) != nil {
		return tooMany()
	}
	release := func() { p.calls.Release(1) }
	err := p.read(message, release)
	if err == nil {
		release()
	}
	return err
}

func tooMany() error { return failf(busy, "the server has too many requests") }

// read reads the message of a call. If that fails it calls release: at once or, when the time for it is over, as soon as the
// reading has ended, which is when the call has.
func (p *grpcPort) read(message func() error, release func()) error {
	received := make(chan error, 1)
	go func() { received <- message() }()
	deadline := time.NewTimer(p.waits.body)
	defer deadline.Stop()
	var err error
	select {
	case err = <-received:
	case <-deadline.C:
		select {
		case err = <-received: // in time, as far as anybody can tell
		default:
			go func() {
				<-received
				release()
			}()
			return failf(late, "the request was not finished within %v", p.waits.body)
		}
	}
	if err != nil {
		release()
	}
	return err
}
