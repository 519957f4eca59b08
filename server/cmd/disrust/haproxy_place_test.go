//go:build linux && haproxy

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// init moves the tests into a network of their own, so that they change nothing of the machine's. No network
// has a name: each ends with its last process, even one that was killed.
func init() {
	const moved = "DISRUST_TEST_MOVED"
	if os.Getenv(moved) != "" {
		return
	}
	runtime.LockOSThread() // a network is that of a thread, and exec keeps that of the thread that calls it
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		err = exec.Command("ip", "link", "set", "lo", "up").Run()
	}
	if err == nil {
		err = syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), moved+"=1"))
	}
	fmt.Fprintf(os.Stderr, "no network of its own, which takes root and the command ip: %v\n", err)
	os.Exit(1)
}

// newPlace makes a network and joins it with that of the tests. The tests have the address prefix.1, and the
// network prefix.2. It returns the beginning of a command that runs there.
func newPlace(t *testing.T, name, prefix string) (enter []string) {
	keeper := exec.Command("sleep", "infinity")
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	p, err := daemontest.StartProcess(keeper)
	rawtest.Check(t, err)
	t.Cleanup(p.Kill)
	pid := strconv.Itoa(p.Pid())
	enter = []string{"nsenter", "--net=/proc/" + pid + "/ns/net"}
	for _, command := range [][]string{
		{"ip", "link", "add", "name", name, "type", "veth", "peer", "name", name, "netns", pid},
		{"ip", "address", "add", prefix + ".1/24", "dev", name},
		{"ip", "link", "set", "dev", name, "up"},
		append(enter, "ip", "address", "add", prefix+".2/24", "dev", name),
		append(enter, "ip", "link", "set", "dev", name, "up"),
		append(enter, "ip", "link", "set", "lo", "up"),
	} {
		if _, stderr, status := daemontest.RunToEnd(t, command...); status != 0 {
			t.Fatalf("%q: %s", command, stderr)
		}
	}
	return enter[:len(enter):len(enter)]
}
