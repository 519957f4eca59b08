//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestSeccomp compares seccomp.json with Docker's own profile and the calls of io_uring; with -update it
// writes the file.
func TestSeccomp(t *testing.T) {
	profile := seccomp.DefaultProfile()
	profile.Syscalls = append(profile.Syscalls, &seccomp.Syscall{
		LinuxSyscall: specs.LinuxSyscall{
			Names:  []string{"io_uring_setup", "io_uring_enter", "io_uring_register"},
			Action: specs.ActAllow,
		},
		Comment: "disrust: io_uring. The rest is Docker's default profile.",
	})
	readme.CheckFile(t, "seccomp.json", string(encode(t, profile)))
}

func encode(t *testing.T, profile *seccomp.Seccomp) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	check(t, e.Encode(profile))
	return b.Bytes()
}
