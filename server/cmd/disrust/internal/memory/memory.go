//go:build linux

// Package memory says how much memory is left to this process.
package memory

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/disrust/disrust/server/cmd/disrust/internal/cgroup"
)

// Available returns how many bytes the process can take before the machine, or a control group that the process
// is in, has none left. Pages that hold files count as free: the kernel gives them up. root is the system's root
// folder, of which Available reads /proc and /sys. What cannot be read does not limit.
func Available(root fs.FS) (bytes uint64) {
	bytes = math.MaxUint64
	if available, ok := field(read(root, "proc/meminfo"), "MemAvailable:"); ok {
		bytes = available << 10 // it is in KiB
	}
	for _, folder := range cgroup.Folders(root, "memory") {
		for _, v := range versions {
			bytes = min(bytes, v.left(root, folder))
		}
	}
	return bytes
}

// version is what a version of control groups calls its files, and the pages of files in memory.stat.
type version struct{ limit, used, files string }

var versions = []version{
	{"memory.max", "memory.current", "inactive_file"},
	{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
}

// left returns what a group leaves to the process.
func (v *version) left(root fs.FS, folder string) (bytes uint64) {
	limit, limited := number(read(root, path.Join(folder, v.limit))) // "max": there is none
	used, known := number(read(root, path.Join(folder, v.used)))
	if !limited || !known {
		return math.MaxUint64
	}
	files, _ := field(read(root, path.Join(folder, "memory.stat")), v.files)
	used -= min(used, files)
	return limit - min(limit, used)
}

// read returns the content of a file, and nothing if it cannot be read.
func read(root fs.FS, name string) string {
	content, _ := fs.ReadFile(root, name)
	return string(content)
}

// field returns the number behind a name, which begins a line.
func field(text, name string) (n uint64, ok bool) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name {
			return number(words[1])
		}
	}
	return 0, false
}

func number(text string) (n uint64, ok bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	return n, err == nil
}
