package conformance_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/wire"
)

// either names the scenarios in which package client need not come to the first outcome that
// the scenario names. In most it is a matter of chance whether the client has written a
// request before it learns that the connection has ended. To a welcome that is not what the
// client has asked for it says *Refused, with both values.
var either = map[string]bool{
	"answer-to-nobody": true, "failure-to-nobody": true, "fin-when-idle-v1": true, "welcome-contrary": true,
}

// TestClient: package client passes every scenario.
func TestClient(t *testing.T) {
	server := listen(t, patience)
	for _, name := range names(dialControl(t, server)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if wrong := play(dialControl(t, server), name, goClient{t}); len(wrong) > 0 {
				t.Errorf("%s", strings.Join(wrong, "\n"))
			}
		})
	}
}

// goClient is package client as a subject.
type goClient struct{ t *testing.T }

func (g goClient) run(task conformance.Task) (all [][]outcome) {
	c, err := client.Dial(g.t.Context(), configFor(task))
	for _, calls := range task.Rounds {
		round := make([]outcome, len(calls))
		if err == nil {
			round = g.round(c, calls, task.Server.Outputs)
		}
		for k := range round {
			if err != nil {
				round[k] = seen(err)
			}
			if round[k].is != calls[k].Outcome && !either[task.Scenario] {
				g.t.Errorf("the outcome is %q: package client should come to %q", round[k].is, calls[k].Outcome)
			}
		}
		all = append(all, round)
	}
	if err == nil {
		c.Close()
	}
	return all
}

func configFor(task conformance.Task) client.Config {
	cfg := client.Config{
		Addrs: []string{task.Addr}, Version: task.Version, DialTimeout: time.Duration(task.ConnectMillis) * time.Millisecond,
		Dim: int(task.Hello.Dim), Outputs: int(task.Hello.Outputs), MaxVectors: int(task.Hello.MaxVectors),
		Kind: wire.Kind(task.Hello.Kind), ModelName: task.Hello.Model,
	}
	if task.Version == 1 {
		cfg.Dim, cfg.Outputs, cfg.MaxVectors = task.Server.Dim, task.Server.Outputs, task.Server.MaxVectors
	}
	return cfg
}

// round starts the calls, and then waits for each.
func (g goClient) round(c *client.Client, calls []conformance.CallTask, outputs int) (round []outcome) {
	started := make([]client.Call, len(calls))
	for k, call := range calls {
		started[k].Dst = make([]float32, len(call.Rows)*outputs)
		for _, row := range call.Rows {
			started[k].Rows = append(started[k].Rows, row...)
		}
		c.Start(&started[k])
	}
	for k, call := range calls {
		ctx, cancel := context.WithCancel(g.t.Context())
		if call.TimeoutMillis > 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(call.TimeoutMillis)*time.Millisecond)
		}
		err := started[k].Wait(ctx)
		cancel()
		is := seen(err)
		if err == nil {
			id := c.Servers()[0].Identity
			is.scores, is.identity = started[k].Dst, hex.EncodeToString(id[:])
		}
		round = append(round, is)
	}
	return round
}

// seen returns the outcome of a call that ended with err.
func seen(err error) outcome {
	if failed, ok := errors.AsType[*client.ModelFailed](err); ok {
		return outcome{is: conformance.Failed, code: failed.Code, row: failed.Row}
	}
	if refused, ok := errors.AsType[*client.Refused](err); ok {
		return outcome{is: conformance.Refused, status: uint16(refused.Verdict), sentence: refused.Server.Sentence}
	}
	for _, kind := range []struct {
		is    string
		holds bool
	}{
		{conformance.Scored, err == nil},
		{conformance.NoWelcome, as[*client.NoWelcome](err)},
		{conformance.Lost, as[*client.ConnectionLost](err)},
		{conformance.TimedOut, as[*client.GaveUp](err)},
		{conformance.NotSent, as[*client.DimError](err)},
	} {
		if kind.holds {
			return outcome{is: kind.is}
		}
	}
	return outcome{is: err.Error()}
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
