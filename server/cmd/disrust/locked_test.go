//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestQuickRestarts restarts a daemon whose user may lock 300 KiB of memory, which hold the
// io_uring of one daemon but not of two. The kernel gives that memory back some time after a
// daemon has ended, so the next one has to wait for it.
//
// Root is subject to no such limit, so the daemon runs as a user that has nothing else. If the
// test does not run as root, the daemon runs as the test's user. That user's other processes
// lock memory too, so there is no limit then.
func TestQuickRestarts(t *testing.T) {
	rawtest.Check(t, os.Chmod(filepath.Dir(daemon), 0o755)) // so that the other user can execute the daemon
	command := small("--io", "uring", "--io-threads", "1", "--max-conns", "64")
	run := func() *exec.Cmd { return exec.Command(command[0], command[1:]...) }
	if os.Getuid() == 0 {
		limited := append([]string{"-c", `ulimit -l 300; exec "$0" "$@"`}, command...)
		nobody := uint32(1_000_000 + os.Getpid())
		run = func() *exec.Cmd {
			cmd := exec.Command("sh", limited...)
			cmd.Dir = "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			return cmd
		}
	}
	for i := range 16 {
		d := daemontest.StartCommand(t, run())
		rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, i))
		if i%2 == 0 {
			d.Terminate()
		} else {
			d.Kill()
		}
	}
}
