//go:build linux

package cgroup

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestFolders(t *testing.T) {
	for name, c := range map[string]struct {
		groups string
		want   []string
	}{
		"version 2":   {"0::/a/b\n", []string{"sys/fs/cgroup/a/b", "sys/fs/cgroup/a", "sys/fs/cgroup", "sys/fs/cgroup/unified/a/b", "sys/fs/cgroup/unified/a", "sys/fs/cgroup/unified"}},
		"version 1":   {"5:cpu:/x\n4:memory:/a\n", []string{"sys/fs/cgroup/memory/a", "sys/fs/cgroup/memory", "sys/fs/cgroup/memory/a", "sys/fs/cgroup/memory"}},
		"two at once": {"4:hugetlb,memory:/\n", []string{"sys/fs/cgroup/hugetlb,memory", "sys/fs/cgroup/memory"}},
		"outside":     {"0::/../..\n", []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}},
		"others only": {"5:cpu,cpuacct:/x\n", nil},
		"nonsense":    {"\n0:/\n:\n", nil},
	} {
		if got := Folders(fstest.MapFS{"proc/self/cgroup": {Data: []byte(c.groups)}}, "memory"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := Folders(fstest.MapFS{}, "memory"); got != nil {
		t.Errorf("without the file: %q", got)
	}
}
