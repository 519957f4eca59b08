package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/flags"
)

// TestRun: the command prints its control port, serves it, and ends with its standard input.
func TestRun(t *testing.T) {
	stdin, endStdin := io.Pipe()
	stdout, print := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() { status <- run(t.Context(), nil, stdin, print, &stderr) }()

	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ports struct{ Control string }
	if err := json.Unmarshal(line, &ports); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	conn, err := net.Dial("tcp", ports.Control)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "list\n")
	answer, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil || !json.Valid(answer) {
		t.Errorf("list: %q, %v", answer, err)
	}
	endStdin.Close()
	if got := <-status; got != 0 || stderr.Len() > 0 {
		t.Errorf("status %d, stderr %q", got, &stderr)
	}
}

// TestInterrupt: the end of the context ends the command although its standard input goes on.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stdin, _ := io.Pipe()
	var stdout, stderr bytes.Buffer
	if status := run(ctx, nil, stdin, &stdout, &stderr); status != 0 || stderr.Len() > 0 || stdout.Len() == 0 {
		t.Errorf("status %d, stdout %q, stderr %q", status, &stdout, &stderr)
	}
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestBadInput(t *testing.T) {
	for args, want := range map[string]struct {
		status int
		says   string
	}{
		"plain":      {flags.StatusUsage, `conformance-server: there is no command "plain": no word is allowed`},
		"--port 9":   {flags.StatusUsage, "conformance-server: there is no flag --port"},
		"--help":     {flags.StatusFailed, "conformance-server: no room"},
		"--version":  {flags.StatusFailed, "conformance-server: no room"},
		"":           {flags.StatusFailed, "conformance-server: cannot print the control port: no room"},
		"--help yes": {flags.StatusFailed, "conformance-server: no room"},
	} {
		var stderr bytes.Buffer
		status := run(t.Context(), strings.Fields(args), strings.NewReader(""), full{}, &stderr)
		if status != want.status || !strings.HasPrefix(stderr.String(), want.says) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: status %d, stderr %q; want %d, %q", args, status, &stderr, want.status, want.says)
		}
	}
}
