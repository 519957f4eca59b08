//go:build linux

package peer

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = time.Minute

// TestTree: the processes that a server starts count in its CPU time, and end with it although it
// ends without them. The second one ends with the first even if this test cannot.
func TestTree(t *testing.T) {
	started, err := daemontest.StartProcess(exec.Command("sh", "-c", `sh -c 'while kill -0 $PPID; do :; done; true' & setsid sleep 1000 & trap 'exit 0' TERM; wait`))
	if err != nil {
		t.Fatal(err)
	}
	p := &Peer{Process: started}
	t.Cleanup(p.Terminate)
	var all []process
	await := func(what string, condition func() bool) {
		t.Helper()
		if err := daemontest.Await(safety, what, condition); err != nil {
			t.Fatal(err)
		}
	}
	await("three processes", func() bool {
		if all, err = p.tree(); err != nil {
			t.Fatal(err)
		}
		return len(all) == 3
	})
	await("CPU time of the second", func() bool {
		used, err := p.CPU()
		if err != nil {
			t.Fatal(err)
		}
		return used > 0
	})
	p.Terminate()
	await("the end of all", func() bool {
		for _, one := range all {
			if now, err := readProcess(one.pid); err == nil && now.started == one.started && !now.ended {
				return false
			}
		}
		return true
	})
	if used, err := p.CPU(); err == nil {
		t.Errorf("a server that has ended has used %v", used)
	}
}

// TestOrphans: what a server that cannot start has started ends as well.
func TestOrphans(t *testing.T) {
	list := t.TempDir() + "/pids"
	command := []string{"sh", "-c", `sleep 1000 & echo $! >>"$0"; exit 1`, list}
	p, err := StartCommand(command)
	for ; err == nil; p, err = StartCommand(command) {
		p.Terminate() // another program had begun to listen at its port
	}
	if !errors.Is(err, daemontest.ErrEnded) {
		t.Error(err)
	}
	text, err := os.ReadFile(list)
	pids := strings.Fields(string(text))
	if err != nil || len(pids) < attempts {
		t.Fatalf("%q, %v", text, err)
	}
	for _, pid := range pids {
		number, _ := strconv.Atoi(pid) // the shell has written it
		if err := daemontest.Await(safety, "the end of "+pid, func() bool {
			one, err := readProcess(number)
			return err != nil || one.ended
		}); err != nil {
			t.Error(err)
		}
	}
}
