//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// diagnosis is what disrust doctor --json says.
type diagnosis struct {
	Findings []struct{ Name, State, Seen, Costs string }
	Problems int
}

// examine runs a command that becomes disrust doctor --json. Its status must say whether there are problems.
func examine(t *testing.T, cmd *exec.Cmd) (d diagnosis) {
	t.Helper()
	stdout, stderr, status := daemontest.RunCommandToEnd(t, cmd)
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || stderr != "" || len(d.Findings) == 0 {
		t.Fatalf("%v, stderr %q, %q", err, stderr, stdout)
	}
	if want := min(1, d.Problems); status != want {
		t.Errorf("status %d, want %d: %s", status, want, stdout)
	}
	return d
}

// find returns the state of a finding, and what is said of it.
func (d diagnosis) find(t *testing.T, name string) (state, said string) {
	t.Helper()
	for _, f := range d.Findings {
		if f.Name == name {
			return f.State, f.Seen + " " + f.Costs
		}
	}
	t.Fatalf("there is no finding %s", name)
	return "", ""
}

func TestDoctor(t *testing.T) {
	d := examine(t, exec.Command(daemon, "doctor", "--json"))
	text, stderr, _ := daemontest.RunToEnd(t, daemon, "doctor")
	for _, f := range d.Findings {
		if !strings.Contains(text, "\n"+f.Name) && !strings.HasPrefix(text, f.Name) || stderr != "" {
			t.Errorf("no %s in %s%s", f.Name, text, stderr)
		}
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	rawtest.Check(t, err)
	if _, said := d.find(t, "kernel"); !strings.Contains(said, strings.TrimSpace(string(release))) {
		t.Errorf("%s is not %s", said, release)
	}
	wantRefused(t, usage, []string{"doctor", "me"}, "unexpected", "me", "disrust doctor [flags]")
	wantRefused(t, usage, []string{"--port", "0", "doctor"}, "doctor must be the first word")
	_, stderr, status := daemontest.RunToEnd(t, "sh", "-c", daemon+" doctor >/dev/full")
	if status != usage || !strings.Contains(stderr, "cannot write the result") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// TestDoctorAgreesOnUring: the doctor says that io_uring works where the daemon uses it, and otherwise the cause
// that the daemon's ready line has.
func TestDoctorAgreesOnUring(t *testing.T) {
	agree := func(name string, under func(command ...string) []string) {
		t.Run(name, func(t *testing.T) {
			command := under(daemon, "doctor", "--json")
			state, said := examine(t, exec.Command(command[0], command[1:]...)).find(t, "io_uring")
			_, uses, _ := strings.Cut(daemontest.Start(t, under(small()...)...).Ready, ", ")
			uses, _, _ = strings.Cut(uses, ", batches ")
			if _, cause, fallen := strings.Cut(uses, "epoll since "); fallen != (state == "note") || !strings.Contains(said, cause) {
				t.Errorf("the doctor says %s, %s; the daemon uses %s", state, said, uses)
			}
		})
	}
	agree("here", func(command ...string) []string { return command })
	for _, test := range refusals {
		agree(test.name, test.refusal.Under)
	}
	t.Run("shortage", func(t *testing.T) { // the daemon does not start: TestSeccompShortage
		command := rawtest.Refusal{Errno: syscall.ENOMEM, Calls: setup}.Under(daemon, "doctor", "--json")
		if state, said := examine(t, exec.Command(command[0], command[1:]...)).find(t, "io_uring"); state != "problem" || !strings.Contains(said, "cannot allocate") {
			t.Errorf("the doctor says %s, %s", state, said)
		}
	})
}

// TestDoctorAgreesOnLimits: where the doctor says that the locked memory is a problem, the daemon does not start,
// and elsewhere it does. The doctor counts the descriptors that the daemon has.
func TestDoctorAgreesOnLimits(t *testing.T) {
	rawtest.Check(t, os.Chmod(filepath.Dir(daemon), 0o755)) // so that another user can execute the daemon
	limited := func(limits string, args ...string) *exec.Cmd {
		cmd := exec.Command("sh", append([]string{"-c", limits + `; exec "$0" "$@"`, daemon}, args...)...)
		cmd.Dir = "/"
		if os.Getuid() == 0 { // who is subject to no limit
			nobody := uint32(2_000_000 + os.Getpid())
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		return cmd
	}
	flags := []string{"--io", "uring", "--port", "0", "--pool-mib", "1"}
	const tooLittle = "100"                             // for any number of I/O threads
	for _, limit := range []string{tooLittle, "1000"} { // KiB
		state, said := examine(t, limited("ulimit -l "+limit, "doctor", "--json")).find(t, "locked memory")
		if state != "problem" {
			if limit == tooLittle {
				t.Errorf("%s KiB: the doctor says %s, %s", limit, state, said)
			}
			daemontest.StartCommand(t, limited("ulimit -l "+limit, flags...))
			continue
		}
		_, stderr, status := daemontest.RunCommandToEnd(t, limited("ulimit -l "+limit, flags...))
		if status != environment || !strings.Contains(stderr, "cannot allocate memory") {
			t.Errorf("%s KiB: the doctor says %s; status %d, %s", limit, said, status, stderr)
		}
	}
	for _, files := range []int{100, 1024} {
		state, said := examine(t, limited(fmt.Sprint("ulimit -n ", files), "doctor", "--json")).find(t, "open files")
		if state != "problem" || !strings.Contains(said, fmt.Sprintf("%d The daemon serves about %d connections", files, files-64)) {
			t.Errorf("%d descriptors: %s, %s", files, state, said)
		}
	}
}
