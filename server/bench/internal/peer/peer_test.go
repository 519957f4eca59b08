//go:build linux

package peer

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

func TestStartFails(t *testing.T) {
	if _, err := Start("/nonexistent/program"); err == nil {
		t.Error("a program that is not there is started")
	}
	for _, c := range []struct{ program, want string }{
		{"/bin/false", "false: ended before it was ready"},
		{"/bin/ls", "ls: ended before it was ready: "}, // it knows no --port, and says so
	} {
		if _, err := Start(c.program); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.program, err)
		}
	}
}

func TestBuildFails(t *testing.T) {
	if err := Build(t.TempDir(), []string{"./nonexistent"}); err == nil || !strings.Contains(err.Error(), "nonexistent") {
		t.Errorf("the error is %v", err)
	}
}
