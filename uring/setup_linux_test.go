package uring

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const neededFeatures = FeatSingleMmap | FeatNoDrop | FeatSubmitStable | FeatFastPoll | FeatExtArg | FeatCQESkip

// fakeKernel accepts the set-up flags that some version of Linux has and refuses all
// others.
func fakeKernel(accepts uint32, seen *[]uint32) kernel {
	return kernel{setup: func(entries uint32, p *params) (int, unix.Errno) {
		*seen = append(*seen, p.flags)
		if p.flags&^accepts != 0 || p.cqEntries != 64 || p.features != 0 {
			return -1, unix.EINVAL
		}
		p.features = neededFeatures
		return 42, 0
	}}
}

func TestFallbacks(t *testing.T) {
	const (
		linux518 = SetupCQSize | SetupSubmitAll
		linux519 = linux518 | SetupCoopTaskrun | SetupTaskrunFlag
		linux60  = linux519 | SetupSingleIssuer
		linux61  = linux60 | SetupDeferTaskrun
		linux66  = linux61 | SetupNoSQArray
	)
	for _, test := range []struct {
		name          string
		accepts, want uint32
		attempts      int
	}{
		{"6.6", linux66, linux66 &^ SetupCoopTaskrun, 1},
		{"6.1", linux61, linux61 &^ SetupCoopTaskrun, 2},
		{"6.0", linux60, linux60, 3},
		{"5.19", linux519, linux519, 4},
	} {
		var seen []uint32
		fd, p, err := fakeKernel(test.accepts, &seen).create(Config{Entries: 16, CQEntries: 64})
		if err != nil || fd != 42 || p.flags != test.want || len(seen) != test.attempts {
			t.Errorf("Linux %s: descriptor %d, flags %#x after %#x, error %v", test.name, fd, p.flags, seen, err)
		}
	}

	var seen []uint32
	_, _, err := fakeKernel(linux518, &seen).create(Config{Entries: 16, CQEntries: 64})
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Linux != "5.19" || !errors.Is(err, unix.EINVAL) {
		t.Errorf("Linux 5.18: %v", err)
	}
	if want := "uring: this kernel has no IORING_SETUP_COOP_TASKRUN (invalid argument): use Linux 5.19 or newer"; err.Error() != want {
		t.Errorf("Linux 5.18:\n%s, want\n%s", err, want)
	}
}

func TestMissingFeatures(t *testing.T) {
	if err := checkFeatures(neededFeatures); err != nil {
		t.Errorf("with all features: %v", err)
	}
	for bit, name := range map[uint32]string{
		FeatSingleMmap:   "IORING_FEAT_SINGLE_MMAP",
		FeatNoDrop:       "IORING_FEAT_NODROP",
		FeatSubmitStable: "IORING_FEAT_SUBMIT_STABLE",
		FeatFastPoll:     "IORING_FEAT_FAST_POLL",
		FeatExtArg:       "IORING_FEAT_EXT_ARG",
		FeatCQESkip:      "IORING_FEAT_CQE_SKIP",
	} {
		if err := checkFeatures(neededFeatures &^ bit); !Unavailable(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestEveryFlagSetWorksHere(t *testing.T) {
	for _, flags := range setupFlags {
		flags |= SetupCQSize | SetupSubmitAll
		only := kernel{setup: func(entries uint32, p *params) (int, unix.Errno) {
			if p.flags != flags {
				return -1, unix.EINVAL
			}
			return sysSetup(entries, p)
		}}
		r := newRingOf(t, only, Config{Entries: 4, CQEntries: 4})
		if r.Flags() != flags {
			t.Fatalf("flags %#x, want %#x", r.Flags(), flags)
		}
		nopsInOrder(t, r, 50)
		echo(t, r)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name     string
		errno    unix.Errno
		disabled int
		contains string
	}{
		{"container", unix.EPERM, 0, "seccomp profile"},
		{"container on an old kernel", unix.EPERM, -1, "allows io_uring_setup, io_uring_enter and io_uring_register"},
		{"security module", unix.EACCES, 0, "is blocked (permission denied)"},
		{"privileged only", unix.EPERM, 1, "kernel.io_uring_group"},
		{"switched off", unix.EPERM, 2, "`sysctl kernel.io_uring_disabled=0`"},
		{"absent", unix.ENOSYS, -1, "use Linux 5.19 or newer"},
		{"managed cloud", unix.EOPNOTSUPP, -1, "provider"},
	} {
		k := kernel{
			setup:    func(uint32, *params) (int, unix.Errno) { return -1, test.errno },
			disabled: func() int { return test.disabled },
		}
		_, err := k.open(Config{Entries: 8})
		var blocked *BlockedError
		if !errors.As(err, &blocked) || blocked.Disabled != test.disabled || !errors.Is(err, test.errno) || !Unavailable(err) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, "uring: ") || !strings.Contains(text, test.contains) || strings.Contains(text, "\n") {
			t.Errorf("%s: %q does not contain %q", test.name, text, test.contains)
		}
	}
}

func TestOtherFailures(t *testing.T) {
	for errno, contains := range map[unix.Errno]string{
		unix.ENOMEM: "ulimit -l",
		unix.EMFILE: "too many open files",
		unix.ENFILE: "too many open files in system",
	} {
		k := kernel{setup: func(uint32, *params) (int, unix.Errno) { return -1, errno }}
		_, err := k.open(Config{Entries: 8})
		if !errors.Is(err, errno) || !strings.Contains(err.Error(), contains) || Unavailable(err) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

func TestMapFailureClosesTheDescriptor(t *testing.T) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC) // cannot be mapped
	if err != nil {
		t.Fatal(err)
	}
	k := kernel{setup: func(_ uint32, p *params) (int, unix.Errno) {
		p.features = neededFeatures
		return fd, 0
	}}
	if _, err := k.open(Config{Entries: 8}); err == nil {
		t.Error("New succeeded on a descriptor that cannot be mapped")
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("descriptor still open: %v", err)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{
		{},
		{Entries: 3},
		{Entries: 1 << 16},
		{Entries: 8, CQEntries: 4},
		{Entries: 8, CQEntries: 1<<16 + 1},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "uring: ") {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	for entries, want := range map[uint32]uint32{1: 4, 256: 1024, 1 << 15: 1 << 16} {
		if c, err := (Config{Entries: entries}).withDefaults(); err != nil || c.CQEntries != want {
			t.Errorf("%d entries: %+v, %v", entries, c, err)
		}
	}
	newRing(t, Config{Entries: 1 << 15})
}
