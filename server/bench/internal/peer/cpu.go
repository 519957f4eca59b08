//go:build linux

package peer

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is USER_HZ, the unit of times in /proc on every Linux.
const ticksPerSecond = 100

// CPU returns the user and system time that all threads of a process have used,
// and those of its children that have ended, rounded to 10 ms.
func CPU(pid int) (time.Duration, error) {
	name := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	used, err := parseStat(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
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
