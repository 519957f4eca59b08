//go:build linux

package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/internal/logqueue"
	"github.com/disrust/disrust/server/internal/throttle"
)

// lineLog is the daemon's stderr, behind a queue: a pipe that nobody reads keeps the daemon neither from
// being ready nor from ending.
type lineLog struct {
	queue   *logqueue.Queue
	handler slog.Handler // behind the queue
	bounded *throttle.Handler
	text    io.Writer // behind the queue, for the daemon's own sentences; nil: they are records
}

// newLog makes the daemon's log, and has the server and the daemon log there.
func (o *options) newLog(stderr io.Writer) *lineLog {
	// The queue calls sayLost when it writes, so this one must write at once.
	direct := &lineLog{handler: slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.level}), text: stderr}
	if o.jsonLog {
		direct = &lineLog{handler: slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: o.level})}
	}
	queue := logqueue.New(func(lost string) { direct.say(slog.LevelWarn, lost) })
	handler := queue.Handler(direct.handler, o.level)
	l := &lineLog{queue: queue, handler: handler, bounded: throttle.New(handler)}
	if direct.text != nil {
		l.text = queue.Writer(stderr)
	}
	o.cfg.Log, o.log = slog.New(l.handler), slog.New(l.bounded)
	return l
}

// say logs a sentence of the daemon's own. As text it is a line that begins with the command's name. In JSON
// it is the message, beside attrs.
func (l *lineLog) say(level slog.Level, sentence string, attrs ...slog.Attr) {
	ctx := context.Background()
	switch {
	case !l.handler.Enabled(ctx, level):
	case l.text != nil:
		io.WriteString(l.text, "disrust: "+flags.OneLine(sentence)+"\n")
	default:
		r := slog.NewRecord(time.Now(), level, sentence, 0)
		r.AddAttrs(attrs...)
		l.handler.Handle(ctx, r)
	}
}

// fail logs an error, and returns the exit status.
func (l *lineLog) fail(status int, err error) int {
	l.say(slog.LevelError, strings.TrimSpace(err.Error()))
	return status
}

// flush waits until all lines are written, or for a second. It counts what was left out.
func (l *lineLog) flush() {
	l.bounded.Flush()
	l.queue.Flush()
}
