//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/gdamore/tcell/v3/vt"
	"golang.org/x/sys/unix"
)

// window is a terminal in which a command runs, and an emulator of what it shows.
type window struct {
	master, slave *os.File
	before        *unix.Termios // of the terminal, before the command
	cmd           *exec.Cmd

	mu            sync.Mutex
	emulated      vt.MockTerm
	columns, rows int
	written       []byte // all that the command has written
}

// openWindow starts a command in a new terminal of so many columns and rows.
func openWindow(t *testing.T, columns, rows int, cmd *exec.Cmd) *window {
	t.Helper()
	w := &window{cmd: cmd, columns: columns, rows: rows, emulated: vt.NewMockTerm(vt.MockOptSize{X: vt.Col(columns), Y: vt.Row(rows)})}
	var err error
	w.master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	rawtest.Check(t, err)
	t.Cleanup(func() { w.master.Close() })
	rawtest.Check(t, unix.IoctlSetPointerInt(int(w.master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(w.master.Fd()), unix.TIOCGPTN)
	rawtest.Check(t, err)
	w.slave, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	rawtest.Check(t, err)
	t.Cleanup(func() { w.slave.Close() })
	w.size(t, columns, rows)
	w.before = w.mode(t)
	rawtest.Check(t, w.emulated.Start())
	go io.Copy(io.Discard, w.emulated) // what the terminal would answer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = w.slave, w.slave, w.slave
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	rawtest.Check(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	go w.show()
	return w
}

// show shows what the command writes, until the terminal is closed.
func (w *window) show() {
	for b := make([]byte, 4096); ; {
		n, err := w.master.Read(b)
		w.mu.Lock()
		w.written = append(w.written, b[:n]...)
		w.emulated.Write(slices.Clone(b[:n]))
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// size makes the terminal that large.
func (w *window) size(t *testing.T, columns, rows int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.columns, w.rows = columns, rows
	w.emulated.SetSize(vt.Coord{X: vt.Col(columns), Y: vt.Row(rows)})
	rawtest.Check(t, unix.IoctlSetWinsize(int(w.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}))
}

func (w *window) mode(t *testing.T) *unix.Termios {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(w.slave.Fd()), unix.TCGETS)
	rawtest.Check(t, err)
	return mode
}

// rowsShown returns what the terminal shows.
func (w *window) rowsShown() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	rows := make([]string, w.rows)
	for y := range rows {
		for x := range w.columns {
			rows[y] += max(w.emulated.GetCell(vt.Coord{X: vt.Col(x), Y: vt.Row(y)}).C, " ")
		}
		rows[y] = strings.TrimRight(rows[y], " ")
	}
	return rows
}

// text returns all that the command has written.
func (w *window) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.written)
}

// await waits until a row of the terminal is like a pattern.
func (w *window) await(t *testing.T, row int, pattern string) {
	t.Helper()
	like := regexp.MustCompile(pattern)
	var rows []string
	defer func() {
		if t.Failed() {
			t.Log("the terminal shows\n" + strings.Join(rows, "\n"))
		}
	}()
	rawtest.Until(t, fmt.Sprintf("row %d is like %s", row, pattern), func() bool {
		rows = w.rowsShown()
		return row < len(rows) && like.MatchString(rows[row])
	})
}

// wantClosed waits for the end of the command, which must leave the terminal as it found it.
func (w *window) wantClosed(t *testing.T) {
	t.Helper()
	if err := w.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if mode := w.mode(t); *mode != *w.before {
		t.Errorf("the mode of the terminal is %+v, and was %+v", mode, w.before)
	}
	rawtest.Until(t, "the screen of before is back, with its cursor", func() bool {
		text := w.text()
		return strings.Contains(text, "\x1b[?1049h") && strings.LastIndex(text, "\x1b[?1049l") > strings.LastIndex(text, "\x1b[?1049h") &&
			strings.LastIndex(text, "\x1b[?25h") > strings.LastIndex(text, "\x1b[?25l")
	})
}

// TestTop watches a daemon that answers requests, is killed and comes back, in a terminal that changes its size.
func TestTop(t *testing.T) {
	at := "unix:" + t.TempDir() + "/admin"
	d := start(t, "--admin", at, "--max-conns", "70")
	w := openWindow(t, 80, 24, exec.Command(daemon, "top", "--admin", at, "--interval", "100ms"))
	ask := func(d *daemontest.Daemon) (stop func()) {
		c, done, ended := dial(t, d.Addr), make(chan struct{}), make(chan error, 1)
		go func() {
			for seq := 0; ; seq++ {
				select {
				case <-done:
					ended <- nil
					return
				default:
				}
				if err := roundTrip(c, rawtest.Source{Dim: 128}, seq); err != nil {
					ended <- err
					return
				}
			}
		}()
		return func() {
			close(done)
			rawtest.Check(t, <-ended)
		}
	}
	stop := ask(d)
	w.await(t, 0, `^server      ready, up `)
	w.await(t, 1, `^model       sum: built in, 128 features, 1 output$`)
	w.await(t, 3, `^rate +[1-9][\d.]*( k)? requests/s +[1-9].* vectors/s +[1-9].*/s in +[1-9].*/s out$`)
	w.await(t, 11, `^whole +[\d.]+ [nµm]?s +[\d.]+ [nµm]?s +[\d.]+ [nµm]?s +[\d.]+ [nµm]?s$`)
	w.await(t, 14, `^io-0 +\d+ % +\d+ % +\d+ %  [█▒·]+$`)
	w.await(t, 18, `^connections +1 +70 `)
	w.await(t, 23, `^q quit   p pause$`)
	stop()
	w.await(t, 3, `^rate +0 requests/s `)
	w.size(t, 100, 30)
	w.await(t, 29, `^q quit   p pause$`)
	w.size(t, 40, 24)
	w.await(t, 23, `^q quit   p pause$`)
	w.await(t, 6, ` most [1-9]`)
	w.size(t, 80, 24)
	w.await(t, 23, `^q quit   p pause$`)
	d.Kill()
	w.await(t, 0, `^server      no answer for \d+s: unix:`)
	stop = ask(start(t, "--admin", at))
	w.await(t, 0, `^server      ready, up `)
	w.await(t, 3, `^rate +[1-9][\d.]*( k)? requests/s `)
	stop()
	_, err := w.master.WriteString("q")
	rawtest.Check(t, err)
	w.wantClosed(t)
}

// TestTopEnds: however it is ended, the terminal is as it was.
func TestTopEnds(t *testing.T) {
	at := "unix:" + t.TempDir() + "/admin"
	start(t, "--admin", at)
	for name, end := range map[string]func(w *window) error{
		"Ctrl-C": func(w *window) error { _, err := w.master.Write([]byte{3}); return err },
		"TERM":   func(w *window) error { return w.cmd.Process.Signal(syscall.SIGTERM) },
		"HUP":    func(w *window) error { return w.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			w := openWindow(t, 80, 24, exec.Command(daemon, "top", "--admin", at))
			w.await(t, 0, `^server      ready, up `)
			rawtest.Check(t, end(w))
			w.wantClosed(t)
		})
	}
}

// TestTopLosesTerminal: when its terminal is gone the command ends, also if it may outlive the terminal.
func TestTopLosesTerminal(t *testing.T) {
	at := "unix:" + t.TempDir() + "/admin"
	start(t, "--admin", at)
	w := openWindow(t, 80, 24, exec.Command("sh", "-c", `trap "" HUP; exec "$0" "$@"`, daemon, "top", "--admin", at))
	w.await(t, 0, `^server      ready, up `)
	rawtest.Check(t, w.master.Close())
	if w.cmd.Wait(); w.cmd.ProcessState.ExitCode() != environment {
		t.Errorf("%v", w.cmd.ProcessState)
	}
}

// TestTopWithoutColour: with NO_COLOR the screen has no colours, and in an ASCII locale nothing but ASCII.
func TestTopWithoutColour(t *testing.T) {
	at := "unix:" + t.TempDir() + "/admin"
	start(t, "--admin", at)
	w := openWindow(t, 80, 24, exec.Command("env", "NO_COLOR=1", "LC_ALL=C", daemon, "top", "--admin", at, "--interval", "100ms"))
	w.await(t, 14, `^io-0 +0 % +0 % +100 %  \.+$`)
	_, err := w.master.WriteString("q")
	rawtest.Check(t, err)
	w.wantClosed(t)
	if colour := regexp.MustCompile(`\x1b\[(3|4|9|10)\d[;m]`).FindString(w.text()); colour != "" {
		t.Errorf("a colour: %q", colour)
	}
	if other := regexp.MustCompile(`[^\x00-\x7f]`).FindString(w.text()); other != "" {
		t.Errorf("%q is not ASCII", other)
	}
}

// TestTopOnce: on a pipe, or if that is asked for in a terminal, one reading is printed, with the figures of an interval. Without a daemon there is an error.
func TestTopOnce(t *testing.T) {
	at := "unix:" + t.TempDir() + "/admin"
	d := start(t, "--admin", at, "--max-conns", "70")
	c := dial(t, d.Addr)
	rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, 0))
	for _, args := range [][]string{{"--once"}, nil} {
		stdout, stderr, status := daemontest.RunToEnd(t, append([]string{daemon, "top", "--admin", at, "--interval", "100ms"}, args...)...)
		if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "server      ready, up ") || !strings.Contains(stdout, "\nconnections         1       70 ") || strings.Contains(stdout, "\x1b") {
			t.Errorf("status %d, stderr %q, %s", status, stderr, stdout)
		}
	}
	w := openWindow(t, 80, 24, exec.Command(daemon, "top", "--admin", at, "--once", "--interval", "100ms"))
	w.await(t, 17, `^connections +1 +70 +- +-$`)
	w.await(t, 21, `^trouble +none$`)
	if err := w.cmd.Wait(); err != nil || strings.Contains(w.text(), "\x1b") {
		t.Errorf("%v, %q", err, w.text())
	}
	d.Kill()
	wantRefused(t, environment, []string{"top", "--admin", at, "--once"}, "top: unix:", "connection refused", "--admin says where")
	wantRefused(t, usage, []string{"top", "--admin", "here"}, "--admin here", "host:port or unix:PATH")
	wantRefused(t, usage, []string{"top", "--interval", "1ms"}, "--interval 1ms", "100ms to 1h")
}
