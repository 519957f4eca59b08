//go:build linux && deploy

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"golang.org/x/sys/unix"
)

// debian is the release that the package is tested on.
const debian = "trixie"

// machine is a Debian system whose first process is systemd, in namespaces of its own.
type machine struct {
	root    string // as the tests see it
	systemd *daemontest.Process
}

// install makes the files of a system with the package on it.
func install(t *testing.T, deb string) (root string) {
	t.Helper()
	root = t.TempDir()
	command(t, "mmdebstrap", "--quiet", "--variant=essential", "--include=systemd",
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", debian, root)
	text, err := os.ReadFile(deb)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(root, "disrust.deb"), text, 0o644))
	command(t, "chroot", root, "dpkg", "--install", "/disrust.deb")
	return root
}

// boot makes a folder the root of the file system, and starts systemd. /proc/sys is not writable, so
// that the machine of the tests stays as it is.
const boot = `set -e
mount --make-rprivate /
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in dev run tmp; do mount -t tmpfs tmpfs $folder; done
for node in null zero full random urandom tty; do
	touch dev/$node
	mount --bind /dev/$node dev/$node
done
ln -s pts/ptmx dev/ptmx
mkdir -p old
pivot_root . old
umount -l old
exec env -i container=test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-target=journal systemd.unit=basic.target
`

// start starts systemd on the files at root. It ends with the test.
func start(t *testing.T, root string) *machine {
	t.Helper()
	cgroup := filepath.Join(cgroups(t), "disrust-test-"+strconv.Itoa(os.Getpid()))
	check(t, os.Mkdir(cgroup, 0o755))
	t.Cleanup(func() { removeCgroup(t, cgroup) })
	f, err := os.Open(cgroup)
	check(t, err)
	defer f.Close()
	cmd := exec.Command("sh", "-c", boot, root)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP,
		UseCgroupFD: true, CgroupFD: int(f.Fd()),
	}
	p, err := daemontest.StartProcess(cmd)
	check(t, err)
	t.Cleanup(p.Kill)
	m := &machine{"/proc/" + strconv.Itoa(p.Pid()) + "/root", p}
	check(t, p.AwaitReady(func() bool {
		_, err := os.Stat(m.root + "/run/systemd/private")
		if err != nil {
			return false
		}
		stdout, _, _ := m.try(t, "systemctl", "is-system-running")
		return stdout == "running" || stdout == "degraded" // the latter where the kernel loads no modules
	}))
	return m
}

// cgroups returns where the second version of cgroups is mounted.
func cgroups(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mounts")
	check(t, err)
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[2] == "cgroup2" {
			return words[1]
		}
	}
	t.Fatal("cgroup2 is not mounted")
	return ""
}

// removeCgroup removes a group whose processes have been killed, with the groups in it.
func removeCgroup(t *testing.T, cgroup string) {
	check(t, daemontest.Await(patience, "the cgroup is removed", func() bool {
		var all []string
		filepath.WalkDir(cgroup, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		for i := range all { // the innermost first
			os.Remove(all[len(all)-1-i])
		}
		_, err := os.Stat(cgroup)
		return os.IsNotExist(err)
	}))
}

// run runs a command on the machine, and returns what it printed.
func (m *machine) run(t *testing.T, command ...string) string {
	t.Helper()
	stdout, stderr, status := m.try(t, command...)
	if status != 0 {
		journal, _, _ := m.try(t, "journalctl", "--no-pager", "--boot", "--lines=40")
		t.Fatalf("%q: status %d, %s\n%s", command, status, stderr, journal)
	}
	return stdout
}

func (m *machine) try(t *testing.T, command ...string) (stdout, stderr string, status int) {
	t.Helper()
	enter := []string{"nsenter", "--all", "--target", strconv.Itoa(m.systemd.Pid())}
	stdout, stderr, status = daemontest.RunToEnd(t, append(enter, command...)...)
	return strings.TrimSpace(stdout), stderr, status
}
