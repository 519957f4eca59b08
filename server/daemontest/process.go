//go:build linux

package daemontest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a process may take to be ready, to stop or to end. No test
// depends on it: it only turns a hang into a failure.
const patience = time.Minute

// ErrEnded is that a process ended before it was ready.
var ErrEnded = errors.New("ended before it was ready")

// Process is a running server, or any other command.
type Process struct {
	Stdout, Stderr Output // what it has written, unless its command directs that elsewhere

	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended and Stdout and Stderr are complete
}

// StartProcess starts a command. The process gets no Ctrl-C of the terminal, and
// it does not outlive this one.
func StartProcess(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.Stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &p.Stderr
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	if err := p.start(); err != nil {
		return nil, err
	}
	return p, nil
}

// start starts the process and waits for its end in the background.
//
// Both happen on one thread that does nothing else: Pdeathsig kills the process
// when the thread that started it ends (PR_SET_PDEATHSIG(2const)), and threads do
// end in a program that locks goroutines to them.
func (p *Process) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // the command's ProcessState keeps how it ended
			close(p.ended)
		}
	}()
	return <-started
}

// Run runs a command to its end. When ctx ends before, Run kills the process and
// returns an error; that the command fails is none.
func Run(ctx context.Context, cmd *exec.Cmd) (*Process, error) {
	p, err := StartProcess(cmd)
	if err != nil {
		return nil, err
	}
	return p, p.Wait(ctx)
}

// AwaitReady calls ready until it returns true. When the process ends before,
// which is an [ErrEnded] with what it wrote to standard error, or takes too long,
// AwaitReady ends it and returns an error.
func (p *Process) AwaitReady(ready func() bool) error {
	isReady := false
	err := Await(patience, p.name()+" is ready", func() bool {
		isReady = ready()
		return isReady || p.HasEnded()
	})
	if err == nil && !isReady {
		err = fmt.Errorf("%s: %w: %s", p.name(), ErrEnded, strings.TrimSpace(p.Stderr.String()))
	}
	if err != nil {
		p.Kill()
	}
	return err
}

func (p *Process) name() string { return filepath.Base(p.cmd.Args[0]) }

// Pid is the process's number, which another process may have once it has
// ended.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends the process a signal.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Suspend sends SIGSTOP and returns when every thread of the process has stopped,
// which the signal alone does not say.
func (p *Process) Suspend() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		// Without WEXITED the call takes no end away from the goroutine that waits for it.
		err := unix.Waitid(unix.P_PID, p.Pid(), nil, unix.WSTOPPED, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

// Resume has a suspended process go on.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }

// Terminate ends the process with SIGTERM, or with SIGKILL when that takes too
// long. It may be called again.
func (p *Process) Terminate() {
	_ = p.Signal(syscall.SIGTERM) // it may have ended
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = p.Wait(ctx) // which kills it
}

// Kill ends the process with SIGKILL, if it has not ended, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// Wait waits until the process has ended. When ctx ends before, Wait kills the
// process and returns an error.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not end by itself: %w", p.name(), context.Cause(ctx))
	}
}

// Ended is closed once the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// HasEnded reports whether the process has ended.
func (p *Process) HasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// state says how the process is.
func (p *Process) state() string {
	if p.HasEnded() {
		return "has ended: " + p.cmd.ProcessState.String()
	}
	return "runs"
}

// ExitCode returns the status of a process that has ended, -1 when a signal
// ended it.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }
