//go:build linux

package memory

import (
	"math"
	"os"
	"testing"
	"testing/fstest"
)

// system returns the root folder of a system from files and their contents.
func system(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, content := range files {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return root
}

func TestAvailable(t *testing.T) {
	const meminfo = "MemTotal:       24681612 kB\nMemFree:         1000 kB\nMemAvailable:   2000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  uint64
	}{
		"nothing can be read": {nil, math.MaxUint64},
		"no groups":           {map[string]string{"proc/meminfo": meminfo}, 2000 << 10},
		"no limit": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "5\n",
		}, 2000 << 10},
		"version 2, with files that the kernel can drop": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "1000000\n", "sys/fs/cgroup/a/b/memory.current": "900000\n", "sys/fs/cgroup/a/b/memory.stat": "anon 3\ninactive_file 200000\n",
		}, 300000},
		"the group around it has less": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "1000000\n", "sys/fs/cgroup/a/b/memory.current": "0\n",
			"sys/fs/cgroup/a/memory.max": "70000\n", "sys/fs/cgroup/a/memory.current": "60000\n",
		}, 10000},
		"a container, which sees its own group as the root": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "900\n",
		}, 100},
		"more used than allowed, while the kernel takes it back": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "1100\n",
		}, 0},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/a\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":     "5000\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes":     "4000\n",
			"sys/fs/cgroup/memory/a/memory.stat":               "total_inactive_file 500\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes":     "1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":       "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes":       "7\n",
			"sys/fs/cgroup/memory/other/memory.usage_in_bytes": "7\n",
		}, 1500},
		"version 1 in a container, whose group is elsewhere": {map[string]string{
			"proc/self/cgroup": "4:memory:/docker/c0ffee\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "10\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "4\n",
		}, 6},
		"nonsense": {map[string]string{
			"proc/meminfo": "MemAvailable:\n", "proc/self/cgroup": "\n0:/\n0::../..\n", "sys/fs/cgroup/memory.max": "-1\n", "sys/fs/cgroup/memory.current": "",
		}, math.MaxUint64},
	} {
		if got := Available(system(c.files)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// TestHere: this machine says how much it has.
func TestHere(t *testing.T) {
	if got := Available(os.DirFS("/")); got < 1<<20 || got > 1<<50 {
		t.Errorf("%d bytes", got)
	}
}
