//go:build linux

package subject

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// patience bounds how long a program runs. It only turns a hang into a failure.
const patience = 5 * time.Minute

// Player makes the calls of a text with a client for an address, and returns the lines that say what came of each.
type Player func(t *testing.T, addr, text string) (outcomes []string)

// Once returns a Player that runs a command for each text. The address is the last argument.
func Once(command ...string) Player {
	return func(t *testing.T, addr, text string) []string {
		t.Helper()
		cmd := exec.Command(command[0], append(command[1:len(command):len(command)], addr)...)
		cmd.Stdin = strings.NewReader(text)
		stdout, stderr, status := daemontest.RunCommandToEnd(t, cmd)
		if status != 0 {
			t.Fatalf("%q: status %d: %s", command, status, stderr)
		}
		return strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	}
}

// Program is a subject that runs while the test talks with it. Said is what it has written to standard error.
type Program struct {
	Said daemontest.Output

	in  io.WriteCloser
	out *bufio.Scanner
}

// Start starts a program. With the test its input ends, at which it must end without an error.
func Start(t *testing.T, cmd *exec.Cmd) *Program {
	t.Helper()
	p := new(Program)
	cmd.Stderr = &p.Said
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	p.in, p.out = in, bufio.NewScanner(out)
	p.out.Buffer(nil, 16<<20)
	check(t, cmd.Start())
	watchdog := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		p.in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the subject: %v\n%s", err, p.Said.String())
		}
		watchdog.Stop()
	})
	return p
}

// Write hands the program some of its input.
func (p *Program) Write(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(p.in, text)
	check(t, err)
}

// Lines returns the next lines that the program prints.
func (p *Program) Lines(t *testing.T, count int) (lines []string) {
	t.Helper()
	for range count {
		if !p.out.Scan() {
			t.Fatalf("the subject has ended: %v", p.out.Err())
		}
		lines = append(lines, p.out.Text())
	}
	return lines
}

// Paragraph returns the lines that the program prints before an empty line.
func (p *Program) Paragraph(t *testing.T) (lines []string) {
	t.Helper()
	for p.out.Scan() && p.out.Text() != "" {
		lines = append(lines, p.out.Text())
	}
	check(t, p.out.Err())
	return lines
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
