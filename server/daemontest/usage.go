//go:build linux

package daemontest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has at a moment, and has used since it began.
type Usage struct {
	ResidentBytes, PeakBytes int
	Descriptors              int
	CPU                      time.Duration // as the function CPU has it
}

// Usage reads what the process has. It fails when the process has ended.
func (p *Process) Usage() (Usage, error) {
	var u Usage
	var errs [4]error
	u.ResidentBytes, errs[0] = statusBytes(p.Pid(), "VmRSS:")
	u.PeakBytes, errs[1] = statusBytes(p.Pid(), "VmHWM:")
	u.Descriptors, errs[2] = p.Descriptors()
	u.CPU, errs[3] = CPU(p.Pid())
	return u, errors.Join(errs[:]...)
}

// Descriptors returns how many descriptors the process has open.
func (p *Process) Descriptors() (int, error) {
	entries, err := os.ReadDir(proc(p.Pid(), "fd"))
	return len(entries), err
}

// statusBytes reads a figure of /proc/PID/status, where sizes are in KiB
// (proc_pid_status(5), Linux 6.18).
func statusBytes(pid int, name string) (int, error) {
	status, err := os.ReadFile(proc(pid, "status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("\n"+name))
	figure, _, found := bytes.Cut(rest, []byte(" kB\n"))
	if !found {
		return 0, fmt.Errorf("%s has no %s", proc(pid, "status"), name)
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(figure)))
	return size << 10, err
}

// ticksPerSecond is USER_HZ, the unit of times in /proc on every Linux.
const ticksPerSecond = 100

// CPU returns the user and system time that all threads of a process have used,
// and those of its children that have ended, rounded to 10 ms.
func CPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(proc(pid, "stat"))
	if err != nil {
		return 0, err
	}
	used, err := parseStat(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", proc(pid, "stat"), err)
	}
	return used, nil
}

// parseStat adds fields 14 to 17: utime, stime, cutime and cstime (proc_pid_stat(5),
// Linux 6.18). The second, a name in parentheses, may hold anything.
func parseStat(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return 0, errors.New("too few fields")
	}
	ticks := int64(0)
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

func proc(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }
