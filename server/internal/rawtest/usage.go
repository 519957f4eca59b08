//go:build linux

package rawtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Usage is what a process has at a moment, and has used since it began.
type Usage struct {
	ResidentBytes, PeakBytes int
	Descriptors              int
	CPU                      time.Duration // of all its threads, rounded to 10 ms
}

// Usage reads what the process has. It fails when the process has ended.
func (d *Daemon) Usage() (Usage, error) {
	var u Usage
	var errs [4]error
	u.ResidentBytes, errs[0] = d.statusBytes("VmRSS:")
	u.PeakBytes, errs[1] = d.statusBytes("VmHWM:")
	u.Descriptors, errs[2] = d.Descriptors()
	u.CPU, errs[3] = d.cpu()
	return u, errors.Join(errs[:]...)
}

// ResidentBytes returns how much memory the process has.
func (d *Daemon) ResidentBytes(t testing.TB) int {
	t.Helper()
	size, err := d.statusBytes("VmRSS:")
	Check(t, err)
	return size
}

// statusBytes reads a figure of /proc/PID/status, where sizes are in KiB
// (proc_pid_status(5), Linux 6.18).
func (d *Daemon) statusBytes(name string) (int, error) {
	status, err := os.ReadFile(d.proc("status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("\n"+name))
	figure, _, found := bytes.Cut(rest, []byte(" kB\n"))
	if !found {
		return 0, fmt.Errorf("%s has no %s", d.proc("status"), name)
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(figure)))
	return size << 10, err
}

// Descriptors returns how many descriptors the process has open.
func (d *Daemon) Descriptors() (int, error) {
	entries, err := os.ReadDir(d.proc("fd"))
	return len(entries), err
}

// ticksPerSecond is USER_HZ, the unit of times in /proc on every Linux.
const ticksPerSecond = 100

// CPU returns the time that the process's threads have run, rounded to 10 ms.
func (d *Daemon) CPU(t testing.TB) time.Duration {
	t.Helper()
	used, err := d.cpu()
	Check(t, err)
	return used
}

func (d *Daemon) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(d.proc("stat"))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; utime and stime are the 14th
	// and 15th fields, the name being the second (proc(5), Linux 6.18).
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(errUser, errSystem)
}

func (d *Daemon) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", d.Pid(), name) }
