//go:build linux && deploy

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
	filter "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// maxImage is what the image may have in bytes.
const maxImage = 20_000_000

// TestImage runs the image as a container does: its files are the root, its user has no capability, and
// Docker's default profile, or that of this folder, filters the system calls. The default refuses
// io_uring.
func TestImage(t *testing.T) {
	image := readDockerfile(t)
	root := unpack(t, image, buildHere(t).dir)
	profile := filepath.Join(t.TempDir(), "default.json")
	check(t, os.WriteFile(profile, encode(t, seccomp.DefaultProfile()), 0o644))
	for _, test := range []struct{ profile, backend, reason string }{
		{profile, "epoll", "io_uring_setup"},
		{"seccomp.json", "io_uring", ""},
	} {
		t.Run(test.backend, func(t *testing.T) {
			d := daemontest.StartCommand(t, contained(root, image, test.profile))
			s := ask(t, adminOf(t, d))
			if s.IO.Backend != test.backend || !strings.Contains(s.IO.Reason, test.reason) {
				t.Errorf("it is on %s, because %q", s.IO.Backend, s.IO.Reason)
			}
			sum(t, d.Addr)
			check(t, d.Signal(syscall.SIGTERM))
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, stderr: %s", status, &d.Stderr)
			}
		})
	}
}

// unpack makes a folder with the files of the image.
func unpack(t *testing.T, i image, from string) (root string) {
	t.Helper()
	root = t.TempDir()
	size := 0
	for _, c := range i.copies {
		text, err := os.ReadFile(filepath.Join(from, c[0]))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(root, c[1]), text, 0o755))
		size += len(text)
	}
	if size > maxImage {
		t.Errorf("the image has %d bytes, and %d are allowed", size, maxImage)
	}
	check(t, os.Mkdir(filepath.Join(root, "proc"), 0o755)) // as a runtime does
	return root
}

// sum scores a row with the built-in model.
func sum(t *testing.T, addr string) {
	t.Helper()
	c, err := client.Dial(t.Context(), client.Config{Addrs: []string{addr}})
	check(t, err)
	defer c.Close()
	row, score := make([]float32, 128), make([]float32, 1)
	row[0], row[127] = 40, 2
	check(t, c.Score(t.Context(), score, row))
	if score[0] != 42 {
		t.Errorf("40 and 2 are %v", score[0])
	}
}

// inside is the first argument of a process that becomes the first one of a container.
const inside = "inside-container"

// contained returns the command of an image in a container, on ports of the kernel's choice.
func contained(root string, i image, profile string) *exec.Cmd {
	args := []string{inside, root, strconv.Itoa(i.user), profile}
	places := strings.NewReplacer(":9900", ":0", ":9901", ":0")
	for _, word := range i.command {
		args = append(args, places.Replace(word))
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	return cmd
}

func init() {
	if len(os.Args) > 5 && os.Args[1] == inside {
		fmt.Fprintln(os.Stderr, "container:", become(os.Args[2], os.Args[3], os.Args[4], os.Args[5:]))
		os.Exit(1)
	}
}

// become turns this process into the first one of a container. It returns only when it fails.
func become(root, user, profile string, command []string) error {
	runtime.LockOSThread() // the filter is the thread's, and exec keeps that of the thread that calls it
	policy, err := policyOf(profile)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(user)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("proc", filepath.Join(root, "proc"), "proc", unix.MS_RDONLY, "") },
		func() error { return unix.Chroot(root) },
		func() error { return unix.Chdir("/") },
		func() error { return syscall.Setgroups(nil) },
		func() error { return syscall.Setgid(uid) },
		func() error { return syscall.Setuid(uid) }, // which takes all capabilities
		func() error { return filter.LoadFilter(filter.Filter{NoNewPrivs: true, Policy: policy}) },
		func() error { return syscall.Exec(command[0], command, nil) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// policyOf returns what a profile means for a process without capabilities on this machine. Docker's
// library decides which rules count, and another one makes the filter of them.
func policyOf(file string) (policy filter.Policy, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return policy, err
	}
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}}
	profile, err := seccomp.LoadProfile(string(text), spec)
	if err != nil {
		return policy, err
	}
	known, err := arch.GetInfo("")
	if err != nil {
		return policy, err
	}
	policy.DefaultAction = filter.ActionErrno
	for _, rule := range profile.Syscalls {
		group, err := groupOf(rule, known.SyscallNames)
		if err != nil {
			return policy, err
		}
		if len(group.Names)+len(group.NamesWithCondtions) > 0 {
			policy.Syscalls = append(policy.Syscalls, group)
		}
	}
	return policy, nil
}

// groupOf translates one rule. It leaves out calls that this processor does not have.
func groupOf(rule specs.LinuxSyscall, known map[string]int) (group filter.SyscallGroup, err error) {
	switch rule.Action {
	case specs.ActAllow:
		group.Action = filter.ActionAllow
	case specs.ActErrno:
		group.Action = filter.ActionErrno | filter.Action(*rule.ErrnoRet)
	default:
		return group, fmt.Errorf("the test does not know the action %s", rule.Action)
	}
	var conditions filter.ArgumentConditions
	for _, a := range rule.Args {
		condition := filter.Condition{Argument: uint32(a.Index), Value: a.Value}
		switch {
		case a.Op == specs.OpEqualTo:
			condition.Operation = filter.Equal
		case a.Op == specs.OpLessThan:
			condition.Operation = filter.LessThan
		case a.Op == specs.OpMaskedEqual && a.ValueTwo == 0:
			condition.Operation = filter.BitsNotSet
		default:
			return group, fmt.Errorf("the test does not know the operation %s", a.Op)
		}
		conditions = append(conditions, condition)
	}
	for _, name := range rule.Names {
		switch _, exists := known[name]; {
		case !exists:
		case conditions == nil:
			group.Names = append(group.Names, name)
		default:
			group.NamesWithCondtions = append(group.NamesWithCondtions, filter.NameWithConditions{Name: name, Conditions: conditions})
		}
	}
	return group, nil
}
