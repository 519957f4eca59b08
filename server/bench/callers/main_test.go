//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/flags"
)

// TestMain runs the tests or, with the argument wrong, a server whose answers are all wrong.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "wrong" {
		answerWrongly(os.Args[2])
	}
	os.Exit(m.Run())
}

func answerWrongly(port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		os.Exit(1)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		go func() {
			for request := make([]byte, 516); ; {
				if _, err := io.ReadFull(conn, request); err != nil {
					return
				}
				conn.Write([]byte{1, 0, 0, 0, 0, 0, 0, 1})
			}
		}()
	}
}

var short = []string{"--rounds", "1", "--duration", "200ms"}

// TestAllLanguages: the table has figures for every language that the machine has, and stderr
// names those that it lacks.
func TestAllLanguages(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := append(short, "--callers", "1,3", "--pause", "10us")
	if status := run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	for _, name := range allLanguages {
		if strings.Contains(stderr.String(), name+" is left out: there is no ") {
			continue
		}
		for _, callers := range []int{1, 3} {
			if line := tableLine(stdout.String(), name, callers); strings.Count(line, ";") != 2 {
				t.Errorf("%s, %d callers: the table has %q", name, callers, line)
			}
		}
	}
}

// tableLine returns the table's line for a language and a number of callers, or "".
func tableLine(table, name string, callers int) string {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, fmt.Sprintf("| %s | %d |", name, callers)) {
			return line
		}
	}
	return ""
}

// TestWrongAnswersFail: in every language a wrong answer ends that run, the other runs go on,
// and the status is 1.
func TestWrongAnswersFail(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := append(short, "--callers", "1", "wrong="+os.Args[0]+" wrong {port}")
	if status := run(t.Context(), args, &stdout, &stderr); status != flags.StatusFailed {
		t.Errorf("status %d, want %d", status, flags.StatusFailed)
	}
	for _, name := range allLanguages {
		line := tableLine(stdout.String(), name, 1)
		if line != "" && (!strings.HasSuffix(line, "| failed |\n") || strings.Count(line, ";") != 2) {
			t.Errorf("%s: the table has %q", name, line)
		}
		if line != "" && !strings.Contains(stderr.String(), name+", 1 callers, wrong: ") {
			t.Errorf("%s: no error reports it: %s", name, &stderr)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for args, want := range map[string]int{
		"--help": 0, "--rounds 0": flags.StatusUsage, "--callers 0": flags.StatusUsage, "--callers 1,x": flags.StatusUsage,
		"--languages cobol": flags.StatusUsage, "--pause -1s": flags.StatusUsage, "server": flags.StatusUsage, "a=b": flags.StatusUsage, "=b{port}": flags.StatusUsage,
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields(args), &stdout, &stderr); status != want {
			t.Errorf("%s: status %d, want %d", args, status, want)
		}
		if want == flags.StatusUsage && !strings.HasPrefix(stderr.String(), "callers: ") {
			t.Errorf("%s: said %q", args, &stderr)
		}
	}
}
