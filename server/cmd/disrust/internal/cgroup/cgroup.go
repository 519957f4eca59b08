//go:build linux

// Package cgroup finds the control groups of this process, of version 1 and 2.
package cgroup

import (
	"io/fs"
	"path"
	"strings"
)

// Folders returns the folders of this process's group with a controller, such as memory, and of the groups
// around it. They are relative to root, the system's root folder. In a container some of them are not there.
func Folders(root fs.FS, controller string) (folders []string) {
	const mounted = "sys/fs/cgroup"
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path, see cgroups(7)
		if len(parts) < 3 {
			continue
		}
		var mounts []string
		for one := range strings.SplitSeq(parts[1], ",") {
			if one == controller {
				mounts = []string{mounted + "/" + parts[1], mounted + "/" + controller}
			}
		}
		if parts[1] == "" {
			mounts = []string{mounted, mounted + "/unified"}
		}
		for _, mount := range mounts {
			for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
				folders = append(folders, path.Clean(mount+at))
				if at == "/" {
					break
				}
			}
		}
	}
	return folders
}
