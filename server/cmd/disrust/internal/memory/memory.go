//go:build linux

// Package memory says how much memory is left to this process.
package memory

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Available returns how many bytes the process can take before the machine, or a control group that the process
// is in, has none left. Pages that hold files count as free: the kernel gives them up. root is the system's root
// folder, of which Available reads /proc and /sys. What cannot be read does not limit.
func Available(root fs.FS) (bytes uint64) {
	bytes = math.MaxUint64
	if available, ok := field(read(root, "proc/meminfo"), "MemAvailable:"); ok {
		bytes = available << 10 // it is in KiB
	}
	for line := range strings.Lines(read(root, "proc/self/cgroup")) { // such as "0::/a/b", or "4:memory:/a/b" in version 1
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, v := range versions {
			if parts[1] == v.controller {
				bytes = min(bytes, v.left(root, parts[2]))
			}
		}
	}
	return bytes
}

// version is where a version of control groups has what.
type version struct{ controller, mount, limit, used, files string }

var versions = []version{
	{"", "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
	{"memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
}

// left returns what a group and those around it leave to the process.
func (v *version) left(root fs.FS, group string) (bytes uint64) {
	bytes = math.MaxUint64
	for group = path.Join("/", group); ; group = path.Dir(group) { // in a container, some are not there
		folder := v.mount + group
		limit, limited := number(read(root, path.Join(folder, v.limit))) // "max": there is none
		used, known := number(read(root, path.Join(folder, v.used)))
		if limited && known {
			files, _ := field(read(root, path.Join(folder, "memory.stat")), v.files)
			used -= min(used, files)
			bytes = min(bytes, limit-min(limit, used))
		}
		if group == "/" {
			return bytes
		}
	}
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
