//go:build linux

package rawtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sysinfoFlag makes the test binary print the results of sysinfo(2) and getpid(2).
const sysinfoFlag = "-print-sysinfo"

func TestMain(m *testing.M) {
	ExecRefused()
	if len(os.Args) > 1 && os.Args[1] == sysinfoFlag {
		fmt.Print(unix.Sysinfo(new(unix.Sysinfo_t)), " ", unix.Getpid() > 0)
		return
	}
	os.Exit(m.Run())
}

func TestRefusal(t *testing.T) {
	for _, test := range []struct {
		refusal Refusal
		want    string
	}{
		{Refusal{}, "<nil> true"},
		{Refusal{unix.EPERM, []uint32{unix.SYS_SYSINFO}}, "operation not permitted true"},
		{Refusal{unix.ENOSYS, []uint32{unix.SYS_IO_URING_ENTER, unix.SYS_SYSINFO}}, "function not implemented true"},
		{Refusal{unix.ENOSYS, []uint32{unix.SYS_IO_URING_ENTER}}, "<nil> true"},
	} {
		stdout, stderr, status := runUnder(t, test.refusal, os.Args[0], sysinfoFlag)
		if stdout != test.want || stderr != "" || status != 0 {
			t.Errorf("%+v: stdout %q, want %q; stderr %q, status %d", test.refusal, stdout, test.want, stderr, status)
		}
	}
}

// runUnder runs a command under the refusal to its end. It returns the command's output and
// status.
func runUnder(t *testing.T, r Refusal, command ...string) (stdout, stderr string, status int) {
	t.Helper()
	line := r.Under(command...)
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestRefusalOfNothing: a missing command is reported on stderr.
func TestRefusalOfNothing(t *testing.T) {
	_, stderr, status := runUnder(t, Refusal{}, "/no/such/command")
	if status != 1 || stderr != "rawtest: exec: \"/no/such/command\": stat /no/such/command: no such file or directory\n" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}
