//go:build linux

package daemontest

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const stat = "42 (a) b) (c) S 1 2 3 4 5 6 7 8 9 10 100 20 3 1 20 0 9 0 77"
	if got, err := parseStat(stat); err != nil || got != 1240*time.Millisecond {
		t.Errorf("%q: %v, %v", stat, got, err)
	}
	for _, bad := range []string{"", "42 (a) S 1 2", strings.Replace(stat, " 100 ", " x ", 1)} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

// TestCPU burns until the kernel has seen it.
func TestCPU(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for used := before; used == before; {
		if used, err = CPU(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := CPU(-1); err == nil {
		t.Error("a process that is not there has used CPU")
	}
}
