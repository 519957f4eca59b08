//go:build linux

package peer

import (
	"errors"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

func TestStartFails(t *testing.T) {
	if _, err := Start("/nonexistent/program"); err == nil {
		t.Error("Start started a missing program")
	}
	for _, c := range []struct{ program, want string }{
		{"/bin/false", "false: ended before it was ready"},
		{"/bin/ls", "ls: ended before it was ready: "}, // it knows no --port, and says so
	} {
		if _, err := Start(c.program); !errors.Is(err, daemontest.ErrEnded) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.program, err)
		}
	}
}

func TestBuildFails(t *testing.T) {
	if err := Build(t.TempDir(), []string{"./nonexistent"}); err == nil || !strings.Contains(err.Error(), "nonexistent") {
		t.Errorf("the error is %v", err)
	}
}
