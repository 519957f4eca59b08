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
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/listen"
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
	l := o.newLog(stderr)
	if status, err := inherit(o); err != nil {
		defer l.flush()
		return l.fail(status, err)
	}
	signal.Ignore(syscall.SIGPIPE) // when the reader of the metrics leaves, only the metrics end
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, end := context.WithCancel(context.Background())
	defer end()
	if o.untilEOF {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			end()
		}()
	}
	ended := make(chan int, 1)
	go func() { ended <- o.live(ctx, hangups, stdout, l) }()
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

// live serves. When the daemon ends, it gives the reader of stderr a second to take the last lines.
func (o *options) live(ctx context.Context, hangups <-chan os.Signal, stdout io.Writer, l *lineLog) int {
	defer l.flush()
	o.findManager()
	return o.serve(ctx, hangups, stdout, l)
}

// serve opens the admin port, starts the server, serves until ctx ends, and drains.
func (o *options) serve(ctx context.Context, hangups <-chan os.Signal, stdout io.Writer, l *lineLog) int {
	life := o.newLife()
	ports := &bridge{}
	source := adminSource{life, &adminReloader{}, ports}
	closeAdmin, err := o.openAdmin(source, l)
	if err != nil {
		return l.fail(flags.StatusFailed, err)
	}
	defer closeAdmin() // last, so that whoever asks hears that the server drains
	defer context.AfterFunc(ctx, life.Drains)()
	if err := o.bindBridge(ports); err != nil {
		return l.fail(flags.StatusFailed, err)
	}
	defer ports.closeAndSay(l)
	watcher, err := o.watchModel() // before the model is loaded, so that no change falls between
	if err != nil {
		return l.fail(o.inTermsOfFlags(err))
	}
	s, err := o.startServer(ctx)
	if errors.Is(err, context.Canceled) {
		return 0 // a signal came before the server accepted connections
	}
	if err != nil {
		return l.fail(o.inTermsOfFlags(err))
	}
	runtime.GC()
	boundGarbage()
	defer o.serves(s)() // before a reload that a waiting SIGHUP asks for
	r := o.reloads(ctx, s, hangups, watcher)
	source.reloads.of.Store(r)
	life.Serves(s)
	if err := ports.open(s, o); err != nil {
		s.Shutdown(ctx) // nobody knows yet that it serves
		return l.fail(flags.StatusFailed, err)
	}
	drained := ports.drains(s, o.cfg.DrainSpread+o.cfg.DrainTimeout)
	l.say(slog.LevelInfo, "ready on "+s.String()+ports.String(), append(ports.attrs(), slog.Any("addresses", placesOf(s)))...)
	finish := func() {}
	if o.metrics {
		finish = report(counted{s, r, ports}, stdout, l, o.interval)
	}
	select {
	case <-ctx.Done():
		o.log.Debug("the end begins")
	case <-s.Done():
	}
	o.ends()
	err = s.Drain(context.Background())
	<-drained
	finish()
	if errors.Is(err, server.ErrCut) { // some peers did not read their answers in time
		l.say(slog.LevelWarn, fmt.Sprintf("the drain ended after %s: %v", o.cfg.DrainSpread+o.cfg.DrainTimeout, err))
		return 0
	}
	if err != nil {
		return l.fail(flags.StatusFailed, err)
	}
	o.log.Debug("the drain is over")
	return 0
}

// placesOf returns where s serves, each as a command line names it.
func placesOf(s *server.Server) (all []string) {
	for _, a := range s.Addrs() {
		all = append(all, listen.Name(a))
	}
	return all
}

// startServer loads the model and starts the server with it.
func (o *options) startServer(ctx context.Context) (*server.Server, error) {
	o.tell(o.manager.Status("loads the model " + o.model))
	began := time.Now()
	if err := awaitLoad(ctx, o.loadModel); err != nil {
		return nil, err
	}
	o.log.Debug("the model is loaded", "model", o.model, "seconds", time.Since(began).Seconds())
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
	err := o.loadModel()
	if err == nil {
		var budget server.Budget
		if budget, err = o.cfg.Budget(); err == nil {
			return flags.Show(o.table(budget), "disrust", stdout, stderr)
		}
	}
	status, err := o.inTermsOfFlags(err)
	return fail(stderr, err, status)
}

func (o *options) table(b server.Budget) string {
	return b.Table(func(field string) string {
		name, _ := o.inFlags(field, nil)
		return name
	})
}

// inTermsOfFlags returns the exit status for an error of the server, and the error in terms of flags. The
// status is flags.StatusUsage if the options make no sense, and flags.StatusFailed if they cannot work in this environment.
func (o *options) inTermsOfFlags(err error) (status int, _ error) {
	status = flags.StatusFailed
	_, config := errors.AsType[*server.ConfigError](err)
	if _, usage := errors.AsType[*usageError](err); usage || config {
		status = flags.StatusUsage
	}
	if named, ok := err.(interface {
		Text(func(field string, value any) (name, text string)) string
	}); ok {
		err = errors.New(named.Text(o.inFlags))
	}
	return status, err
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
