//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/internal/logqueue"
)

const statusInterrupted = 130 // as a shell reports it

// runDaemon is the daemon's life. It returns the exit status, and reports an error as one sentence
// on stderr.
func runDaemon(args []string, stdout, stderr io.Writer) int {
	o, err := commandLine(args)
	if err != nil {
		return flags.Answer(err, "disrust", help(), stdout, stderr)
	}
	if o.plan {
		return o.printPlan(stdout, stderr)
	}
	if status, err := inherit(o); err != nil {
		return fail(stderr, err, status)
	}
	signal.Ignore(syscall.SIGPIPE) // when the reader of the metrics leaves, only the metrics end
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	if o.untilEOF {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			signals <- syscall.SIGTERM
		}()
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, end := context.WithCancel(context.Background())
	defer end()
	ended := make(chan int, 1)
	go func() { ended <- o.live(ctx, hangups, stdout, stderr) }()
	for range 2 {
		select {
		case <-signals:
			end()
		case status := <-ended:
			return status
		}
	}
	return statusInterrupted // the second signal does not wait for the drain
}

// live serves, with a queue in front of stderr: a pipe that nobody reads keeps the daemon
// neither from being ready nor from ending. When the daemon ends, it gives the reader a second
// to take the last lines.
func (o *options) live(ctx context.Context, hangups <-chan os.Signal, stdout, stderr io.Writer) int {
	lines := logqueue.New(func(lost string) { fmt.Fprintf(stderr, "disrust: %s\n", lost) })
	defer lines.Flush()
	o.cfg.Log = slog.New(lines.Handler(slog.NewTextHandler(stderr, nil)))
	o.findManager()
	return o.serve(ctx, hangups, stdout, lines.Writer(stderr))
}

// serve opens the admin port, starts the server, serves until ctx ends, and drains.
func (o *options) serve(ctx context.Context, hangups <-chan os.Signal, stdout, stderr io.Writer) int {
	life := o.newLife()
	source := adminSource{life, &adminReloader{}}
	closeAdmin, err := o.openAdmin(source, stderr)
	if err != nil {
		return fail(stderr, err, flags.StatusFailed)
	}
	defer closeAdmin() // last, so that whoever asks hears that the server drains
	defer context.AfterFunc(ctx, life.Drains)()
	watcher, err := o.watchModel() // before the model is loaded, so that no change falls between
	if err != nil {
		return o.refuse(stderr, err)
	}
	s, err := o.startServer(ctx)
	if errors.Is(err, context.Canceled) {
		return 0 // a signal came before the server accepted connections
	}
	if err != nil {
		return o.refuse(stderr, err)
	}
	runtime.GC()
	boundGarbage()
	defer o.serves(s)() // before a reload that a waiting SIGHUP asks for
	r := o.reloads(ctx, s, hangups, watcher)
	source.reloads.of.Store(r)
	life.Serves(s)
	fmt.Fprintf(stderr, "disrust: ready on %s\n", flags.OneLine(s.String()))
	finish := func() {}
	if o.metrics {
		finish = report(counted{s, r}, stdout, stderr, o.interval)
	}
	select {
	case <-ctx.Done():
	case <-s.Done():
	}
	o.ends()
	err = s.Drain(context.Background())
	finish()
	if errors.Is(err, server.ErrCut) { // some peers did not read their answers in time
		flags.Complain(stderr, "disrust", fmt.Errorf("the drain ended after %s: %w", o.cfg.DrainSpread+o.cfg.DrainTimeout, err))
		return 0
	}
	if err != nil {
		return fail(stderr, err, flags.StatusFailed)
	}
	return 0
}

// startServer loads the model and starts the server with it.
func (o *options) startServer(ctx context.Context) (*server.Server, error) {
	o.tell(o.manager.Status("loads the model " + o.model))
	if err := awaitLoad(ctx, o.loadModel); err != nil {
		return nil, err
	}
	s, err := server.Start(ctx, o.cfg)
	for _, f := range o.cfg.Passed {
		f.Close() // the server has its own duplicate
	}
	o.cfg.Model = nil // the server has it for as long as it serves it
	return s, err
}

// inherit checks and takes what the process got from its parent: the limit on descriptors,
// and the sockets that a service manager has passed. When there are such sockets, the daemon
// serves them, and the command line may not give addresses.
func inherit(o *options) (status int, err error) {
	if err := enoughDescriptors(); err != nil {
		return flags.StatusFailed, err
	}
	if o.cfg.Passed, err = listen.Passed(); err != nil {
		return flags.StatusFailed, err
	}
	if len(o.cfg.Passed) > 0 && (o.hostOrPort || len(o.cfg.Listen) > 0) {
		return flags.StatusUsage, errors.New("a service manager passed sockets to serve (LISTEN_FDS): --listen, --host and --port (also as the second word) may not be given beside them")
	}
	return 0, nil
}

// printPlan prints the memory that a server with these options would take.
func (o *options) printPlan(stdout, stderr io.Writer) int {
	if err := o.loadModel(); err != nil {
		return o.refuse(stderr, err)
	}
	budget, err := o.cfg.Budget()
	if err != nil {
		return o.refuse(stderr, err)
	}
	table := budget.Table(func(field string) string {
		name, _ := o.inFlags(field, nil)
		return name
	})
	return flags.Show(table, "disrust", stdout, stderr)
}

// refuse reports an error of the server in terms of flags. It returns flags.StatusUsage if the
// options make no sense, and flags.StatusFailed if they cannot work in this environment.
func (o *options) refuse(stderr io.Writer, err error) int {
	status := flags.StatusFailed
	_, config := errors.AsType[*server.ConfigError](err)
	if _, usage := errors.AsType[*usageError](err); usage || config {
		status = flags.StatusUsage
	}
	if named, ok := err.(interface {
		Text(func(field string, value any) (name, text string)) string
	}); ok {
		err = errors.New(named.Text(o.inFlags))
	}
	return fail(stderr, err, status)
}

// enoughDescriptors returns an error if the limit on descriptors is so low that Go's runtime
// itself could fail.
func enoughDescriptors() error {
	const least = 32
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < least {
		return fmt.Errorf("at most %d open files are allowed (ulimit -n): at least %d are needed", limit.Cur, least)
	}
	return nil
}
