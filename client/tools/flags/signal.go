package flags

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// UntilSignal returns a context that ends with the first signal that asks the process to end:
// Ctrl-C, SIGTERM, and SIGHUP unless the process was started to outlive its terminal, as nohup
// does. A second signal ends the process at once.
func UntilSignal() context.Context {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, restore := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, restore)
	return ctx
}
