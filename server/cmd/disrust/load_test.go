//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

const (
	perSecond = 300 // requests of each load
	plainOnes = 2   // connections of version 1
)

// loads are clients that send requests at a fixed pace, however long answers take, and check the answers.
type loads struct {
	stop   chan struct{}
	all    sync.WaitGroup
	failed chan error // of those that failed, which have ended
	calls  *calls
	plain  [plainOnes]plain
	tools  []*tool
}

// startLoads starts clients of a server: the Go client, connections of version 1, and the command-line client in
// both versions.
func startLoads(t *testing.T, addr string) *loads {
	c, err := client.Dial(t.Context(), client.Config{Addrs: []string{addr}, Version: 2, Conns: 2, Timeout: time.Minute})
	rawtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	l := &loads{stop: make(chan struct{}), failed: make(chan error, 1+plainOnes), calls: &calls{client: c}}
	path, err := builtClient()
	rawtest.Check(t, err)
	for _, version := range []string{"1", "2"} {
		l.tools = append(l.tools, startTool(t, path, addr, version))
	}
	l.start("the library", l.calls.run)
	for i := range l.plain {
		l.start("version 1", func(stop <-chan struct{}) error { return l.plain[i].run(addr, i, stop) })
	}
	return l
}

// start starts a client in this process.
func (l *loads) start(name string, run func(stop <-chan struct{}) error) {
	l.all.Go(func() {
		if err := run(l.stop); err != nil {
			l.failed <- fmt.Errorf("%s: %w", name, err)
		}
	})
}

// proceed waits until each client in this process has more answers.
func (l *loads) proceed(t *testing.T) {
	t.Helper()
	goals := map[*atomic.Int64]int64{&l.calls.answered: l.calls.answered.Load() + 20}
	for i := range l.plain {
		goals[&l.plain[i].answered] = l.plain[i].answered.Load() + 20
	}
	for count, goal := range goals {
		rawtest.Until(t, "each client has answers", func() bool { return count.Load() >= goal || len(l.failed) > 0 })
	}
	if len(l.failed) > 0 {
		t.Fatal(<-l.failed)
	}
}

// end ends the clients and checks what they have seen. Each connection of version 1 must have ended so often.
func (l *loads) end(t *testing.T, ends int) {
	t.Helper()
	close(l.stop)
	l.all.Wait()
	close(l.failed)
	for err := range l.failed {
		t.Error(err)
	}
	t.Logf("the library: %d calls", l.calls.answered.Load())
	for i := range l.plain {
		p := &l.plain[i]
		t.Logf("version 1: %d requests, %d ends, %d requests sent again", p.answered.Load(), p.ends, p.again)
		if p.ends < ends {
			t.Errorf("connection %d ended %d times, want at least %d", i, p.ends, ends)
		}
	}
	for _, tool := range l.tools {
		tool.end(t)
	}
}

// onSchedule tells f every few milliseconds how many requests are due since the start, until stop is closed.
func onSchedule(stop <-chan struct{}, f func(due int) error) error {
	tick, start := time.NewTicker(5*time.Millisecond), time.Now()
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			if err := f(int(time.Since(start) * perSecond / time.Second)); err != nil {
				return err
			}
		}
	}
}

// calls is the load of the Go client.
type calls struct {
	client   *client.Client
	answered atomic.Int64
}

// run starts each call when it is due, and returns the first error of any. At last all calls are answered.
func (c *calls) run(stop <-chan struct{}) error {
	var all sync.WaitGroup
	failed, started := make(chan error, 1), 0
	err := onSchedule(stop, func(due int) error {
		for ; started < due; started++ {
			call := started
			all.Go(func() {
				if err := c.score(call); err != nil {
					select {
					case failed <- fmt.Errorf("call %d: %w", call, err):
					default:
					}
				}
			})
		}
		select {
		case err := <-failed:
			return err
		default:
			return nil
		}
	})
	all.Wait()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	return errors.Join(err, c.client.Close())
}

// score makes a call of up to 200 vectors, which are several requests, and checks the scores.
func (c *calls) score(call int) error {
	vectors := 1 + call%3
	if call%50 == 0 {
		vectors = 200
	}
	rows, scores := make([]float32, 128*vectors), make([]float32, vectors)
	for i := range scores {
		rows[128*i], rows[128*i+127] = float32(call), float32(1000*i)
	}
	if err := c.client.Score(context.Background(), scores, rows); err != nil {
		return err
	}
	for i, score := range scores {
		if want := float32(call + 1000*i); math.Float32bits(score) != math.Float32bits(want) {
			return fmt.Errorf("row %d has the score %v, want %v", i, score, want)
		}
	}
	c.answered.Add(1)
	return nil
}

// plain is a client of version 1 with one connection. When that ends, it connects again, and sends again what
// was not answered.
type plain struct {
	answered atomic.Int64
	ends     int // of connections, all between two answers
	again    int // requests
}

// run sends each request when it is due. At last all requests are answered.
func (p *plain) run(addr string, number int, stop <-chan struct{}) error {
	source, due, sent := rawtest.Source{Dim: 128, Client: number}, new(atomic.Int64), 0
	pace := make(chan error, 1)
	go func() {
		pace <- onSchedule(stop, func(now int) error {
			due.Store(int64(now))
			return nil
		})
	}()
	for stopped := false; !stopped; p.ends++ {
		c, err := rawtest.Dial(addr)
		if err != nil {
			return err
		}
		if err := c.Allow(time.Minute); err != nil {
			return err
		}
		p.again += sent - int(p.answered.Load())
		sent = int(p.answered.Load())
		gone, sending := make(chan struct{}), make(chan error, 1)
		go func() { sending <- p.send(c, source, due, &sent, stop, gone) }()
		err = p.receive(c, source)
		close(gone)
		err = errors.Join(err, <-sending, c.Close())
		if err != nil {
			return fmt.Errorf("after %d answers: %w", p.answered.Load(), err)
		}
		select {
		case <-stop:
			stopped = p.answered.Load() == int64(sent)
		default:
		}
	}
	p.ends-- // the last one was its own
	return <-pace
}

// send sends each request from number sent on when it is due. When stop is closed, it half-closes.
func (p *plain) send(c *rawtest.Client, source rawtest.Source, due *atomic.Int64, sent *int, stop, gone <-chan struct{}) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		for ; int64(*sent) < due.Load(); *sent++ {
			if err := c.Send(source.AppendRequest(nil, *sent, size(*sent))); err != nil {
				return err
			}
		}
		select {
		case <-gone:
			return nil
		case <-stop:
			return c.CloseWrite()
		case <-tick.C:
		}
	}
}

// receive checks answers until the connection ends, which must be between two answers.
func (p *plain) receive(c *rawtest.Client, source rawtest.Source) error {
	for {
		want := source.AppendAnswer(nil, int(p.answered.Load()), size(int(p.answered.Load())))
		got := make([]byte, len(want))
		n, err := c.Read(got)
		if n == 0 && err == io.EOF {
			return nil
		}
		if err == nil {
			err = c.Receive(got[n:])
		}
		if err = errors.Join(err, rawtest.Compare(got, want)); err != nil {
			return err
		}
		p.answered.Add(1)
	}
}

// size is how many vectors a request has.
func size(seq int) int { return 1 + seq%3 }

// tool is a running disrust-client.
type tool struct {
	*daemontest.Process
	version string // of the protocol
	file    string // of its result
}

// orderly is the tool's error for a connection that ended with a FIN: a reset would be named after it.
var orderly = regexp.MustCompile(`closed (before its next request, )?after .*responses?$`)

func startTool(t *testing.T, path, addr, version string) *tool {
	file := t.TempDir() + "/run.json"
	p, err := daemontest.StartProcess(exec.Command(path, "sustain", "--addr", addr, "--protocol", version, "--reconnect", "--conns", "2",
		"--rate", strconv.Itoa(perSecond), "--vectors", "1:70,8:25,64:5", "--warmup", "0", "--duration", "10m", "--json", file))
	rawtest.Check(t, err)
	t.Cleanup(p.Kill)
	return &tool{p, version, file}
}

// end ends the run and checks its result: all answers were right, and connections ended in order. In version
// 2 no request was lost. Whether the tool could keep its pace does not matter.
func (l *tool) end(t *testing.T) {
	t.Helper()
	rawtest.Check(t, l.Signal(syscall.SIGINT))
	l.Status(t)
	text, err := os.ReadFile(l.file)
	rawtest.Check(t, err)
	var run struct {
		Errors []string
		Total  struct {
			Requests int64
			Errors   struct {
				Requests   int64
				Lost       int64 `json:"lost_connections"`
				Reconnects int64
			}
			FirstError string `json:"first_error"`
		}
	}
	rawtest.Check(t, json.Unmarshal(text, &run))
	total := run.Total
	t.Logf("the tool, version %s: %d requests; of errors %+v; first: %s", l.version, total.Requests, total.Errors, total.FirstError)
	if len(run.Errors) != 0 || total.Requests == 0 || total.Errors.Reconnects == 0 {
		t.Errorf("version %s: %q, %+v; stderr: %s", l.version, run.Errors, total, l.Stderr.String())
	}
	if l.version == "2" && (total.Errors.Requests != 0 || total.Errors.Lost != 0) {
		t.Errorf("version 2: %+v", total)
	}
	if l.version == "1" && !orderly.MatchString(total.FirstError) {
		t.Errorf("version 1: the first connection was lost otherwise than by an orderly end: %q", total.FirstError)
	}
}
