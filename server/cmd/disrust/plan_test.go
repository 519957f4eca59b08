//go:build linux

package main

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestPlan: the word and the flag print the same table, and the ready line of a daemon with
// the same flags names the same sums.
func TestPlan(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		flags = append([]string{"--pool-mib", "3", "--dim", "64", "--max-vectors", "100", "--max-conns", "333"}, flags...)
		word := planOf(t, append([]string{"plan"}, flags...)...)
		if flag := planOf(t, append(flags, "--plan")...); flag != word {
			t.Errorf("--plan prints\n%s\nand plan\n%s", flag, word)
		}
		if !regexp.MustCompile(`connections, at most +333 +\d+ KiB +\d+ MiB`).MatchString(word) || !strings.Contains(word, "--pool-mib") {
			t.Errorf("the plan lacks the connections or a flag:\n%s", word)
		}
		ready := start(t, flags...).Ready
		for _, line := range []string{"fixed, in all", "in all, at most"} {
			sum := regexp.MustCompile(line + ` +([0-9.]+ .iB)`).FindStringSubmatch(word)
			if sum == nil || !strings.Contains(ready, sum[1]) {
				t.Errorf("%q is %q in the plan; the ready line is %q", line, sum, ready)
			}
		}
	})
}

func planOf(t *testing.T, args ...string) string {
	stdout, stderr, status := daemontest.RunToEnd(t, small(args...)...)
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	return stdout
}

// TestPlanInREADME: the README shows the table that the daemon prints.
func TestPlanInREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	rawtest.Check(t, err)
	stdout, _, _ := daemontest.RunToEnd(t, daemon, "plan", "--io-threads", "1", "--batch-threads", "0")
	if !strings.Contains(string(readme), "```text\n"+stdout+"```\n") {
		t.Errorf("README.md does not hold\n%s", stdout)
	}
}

// TestPlanRefuses: plan refuses options that the daemon would refuse.
func TestPlanRefuses(t *testing.T) {
	wantRefused(t, usage, []string{"plan", "--max-conns", "1048576", "--max-vectors", "32767", "--pool-mib", "100"}, "max-conns", "max-vectors", "dim")
	wantRefused(t, usage, []string{"--plan", "--pool-mib", "1", "--dim", "50000"}, "pool-mib")
}

// TestMemoryStaysWithinPlan: with the most connections, each of which makes the daemon hold
// as much as it can, the daemon's memory stays within the plan. When they are gone, its
// memory is back within the fixed part.
func TestMemoryStaysWithinPlan(t *testing.T) {
	const (
		conns, mute = 1000, 50
		vectors     = 1024 // the largest request
	)
	format := []string{"--dim", "8", "--max-vectors", strconv.Itoa(vectors), "--max-conns", strconv.Itoa(conns),
		"--request-ring", "4096", "--response-ring", "4096"} // under -tiny smaller rings would take minutes
	eachPlacement(t, func(t *testing.T, flags []string) {
		flags = append(flags, format...)
		d, budget := start(t, flags...), budgetOf(t, flags...)
		atStart := uint64(d.ResidentBytes(t))
		if atStart > budget.Start() {
			t.Errorf("%d KiB resident at start, want at most the fixed %d", atStart>>10, budget.Start()>>10)
		}
		var mutes []*rawtest.Mute
		for i := range mute {
			m, err := rawtest.NewMute(d.Addr, rawtest.Source{Dim: 8, Client: i}, 1, 1000)
			rawtest.Check(t, err)
			t.Cleanup(func() { m.Drop() })
			mutes = append(mutes, m)
		}
		source := rawtest.Source{Dim: 8, Client: conns}
		unfinished := make([]*rawtest.Client, conns-mute-1)
		whole, _ := source.Pipeline(0, vectors)
		for i := range unfinished {
			unfinished[i] = dial(t, d.Addr)
			rawtest.Check(t, unfinished[i].Send(whole[:len(whole)-1]))
		}
		asks, seq := dial(t, d.Addr), 0
		rawtest.Check(t, rawtest.AwaitBlocked(mutes, 64<<20, func() error { seq++; return roundTrip(asks, source, seq) }))
		u, err := d.Usage()
		rawtest.Check(t, err)
		if got := uint64(u.PeakBytes); got > budget.Total() {
			t.Errorf("%d KiB resident, want at most %d", got>>10, budget.Total()>>10)
		}
		if added, held := int64(u.ResidentBytes)-int64(atStart), int64(len(unfinished)*len(whole)); added < held {
			t.Errorf("the connections' memory is %d KiB, but %d unfinished requests have %d KiB: this tests nothing", added>>10, len(unfinished), held>>10)
		}
		for _, m := range mutes {
			m.Drop()
		}
		for _, c := range unfinished {
			c.Reset()
		}
		rawtest.Until(t, "the connections' memory is back", func() bool { return uint64(d.ResidentBytes(t)) <= budget.Start() })
		rawtest.Check(t, errors.Join(roundTrip(asks, source, seq+1), asks.Close()))
	})
}

// budgetOf returns the Budget of a small daemon with these flags.
func budgetOf(t *testing.T, flags ...string) server.Budget {
	o, err := commandLine(small(flags...)[1:])
	rawtest.Check(t, err)
	budget, err := o.cfg.Budget()
	rawtest.Check(t, err)
	return budget
}
