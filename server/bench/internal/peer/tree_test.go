//go:build linux

package peer

import (
	"os/exec"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = time.Minute

// TestTree: the processes that a server starts count in its CPU time, and end with it although it
// ends without them.
func TestTree(t *testing.T) {
	started, err := daemontest.StartProcess(exec.Command("sh", "-c", `sh -c 'while :; do :; done; true' & setsid sleep 1000 & trap 'exit 0' TERM; wait`))
	if err != nil {
		t.Fatal(err)
	}
	p := &Peer{Process: started}
	var all []process
	await := func(what string, condition func() bool) {
		t.Helper()
		if err := daemontest.Await(safety, what, condition); err != nil {
			p.Terminate()
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
