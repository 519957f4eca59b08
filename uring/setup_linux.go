package uring

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	maxEntries   = 1 << 15 // IORING_MAX_ENTRIES
	maxCQEntries = 1 << 16 // IORING_MAX_CQ_ENTRIES
)

// Config sizes a [Ring].
type Config struct {
	// Entries is the number of submission slots: a power of two, at most 32,768.
	Entries uint32

	// CQEntries is the number of completion slots: at least Entries, at most 65,536.
	// The kernel rounds it up to a power of two. 0 means four times Entries.
	CQEntries uint32
}

// withDefaults returns c with zeroes replaced by defaults, or an error that says
// what is wrong with it. The kernel accepts every size that withDefaults accepts, so
// EINVAL from the kernel can only mean a flag.
func (c Config) withDefaults() (Config, error) {
	if c.CQEntries == 0 {
		c.CQEntries = min(4*c.Entries, maxCQEntries)
	}
	switch {
	case bits.OnesCount32(c.Entries) != 1 || c.Entries > maxEntries:
		return c, fmt.Errorf("uring: Entries is %d: must be a power of two, at most %d", c.Entries, maxEntries)
	case c.CQEntries < c.Entries || c.CQEntries > maxCQEntries:
		return c, fmt.Errorf("uring: CQEntries is %d: must be %d to %d", c.CQEntries, c.Entries, maxCQEntries)
	}
	return c, nil
}

// setupFlags are the flag sets to try, best first. Each set is the best that one
// version of Linux accepts.
//
// With all of them the kernel does not interrupt this thread to deliver a
// completion. With DEFER_TASKRUN completions wait until the thread asks for
// completions, with COOP_TASKRUN until it makes any system call.
var setupFlags = [...]uint32{
	SetupNoSQArray | SetupSingleIssuer | SetupDeferTaskrun | SetupTaskrunFlag, // 6.6
	SetupSingleIssuer | SetupDeferTaskrun | SetupTaskrunFlag,                  // 6.1
	SetupSingleIssuer | SetupCoopTaskrun | SetupTaskrunFlag,                   // 6.0
	SetupCoopTaskrun | SetupTaskrunFlag,                                       // 5.19
}

// kernel holds the two calls that set-up makes to Linux. Tests replace them.
type kernel struct {
	setup    func(entries uint32, p *params) (fd int, errno unix.Errno)
	disabled func() int // the sysctl kernel.io_uring_disabled; -1 if there is none
}

var linux = kernel{setup: sysSetup, disabled: readDisabled}

// create makes the ring's descriptor with the first of setupFlags that the kernel
// does not refuse with EINVAL.
func (k kernel) create(c Config) (int, *params, error) {
	for _, flags := range setupFlags {
		p := &params{cqEntries: c.CQEntries, flags: flags | SetupCQSize | SetupSubmitAll}
		fd, errno := k.setup(c.Entries, p)
		switch {
		case errno == 0:
			return fd, p, nil
		case errno == unix.EINVAL:
			continue
		case refused(errno):
			return -1, nil, &BlockedError{Call: setupCall, Errno: errno, Disabled: k.disabled()}
		case errno == unix.ENOMEM:
			return -1, nil, fmt.Errorf("uring: no memory for a ring of %d and %d entries: "+
				"raise the limit of the memory cgroup or of locked memory (`ulimit -l`): %w", c.Entries, c.CQEntries, errno)
		}
		return -1, nil, fmt.Errorf("uring: %s: %w", setupCall, errno)
	}
	return -1, nil, &UnsupportedError{Feature: "IORING_SETUP_COOP_TASKRUN", Linux: oldest, Errno: unix.EINVAL}
}

// checkFeatures returns an error if features lacks one that this package, or a flag
// that it exports, depends on. Every Linux that has the set-up flags has these
// features too; a sandbox that imitates Linux may lack some.
func checkFeatures(features uint32) error {
	for _, needed := range [...]struct {
		bit  uint32
		name string
	}{
		{FeatSingleMmap, "IORING_FEAT_SINGLE_MMAP"},
		{FeatNoDrop, "IORING_FEAT_NODROP"},
		{FeatSubmitStable, "IORING_FEAT_SUBMIT_STABLE"},
		{FeatFastPoll, "IORING_FEAT_FAST_POLL"},
		{FeatExtArg, "IORING_FEAT_EXT_ARG"},
		{FeatCQESkip, "IORING_FEAT_CQE_SKIP"},
	} {
		if features&needed.bit == 0 {
			return &UnsupportedError{Feature: needed.name, Linux: oldest, Errno: unix.EINVAL}
		}
	}
	return nil
}

func readDisabled() int {
	text, err := os.ReadFile("/proc/sys/kernel/io_uring_disabled")
	if err != nil {
		return -1
	}
	value, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return -1
	}
	return value
}
