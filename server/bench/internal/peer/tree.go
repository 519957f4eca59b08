//go:build linux

package peer

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// process is a process as /proc/PID/stat has it (proc_pid_stat(5), Linux 6.18).
type process struct {
	pid, parent int
	started     string // in ticks since the machine started: a number alone may name another process later
	ended       bool   // nobody has waited for it yet
}

func readProcess(pid int) (process, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	stat := string(text)
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return process{}, errors.New("too few fields")
	}
	parent, err := strconv.Atoi(fields[1])
	return process{pid, parent, fields[19], fields[0] == "Z"}, err
}

// tree returns the server's process and all that it has started, directly or not, as far as they
// run and their parents do too.
func (p *Peer) tree() ([]process, error) {
	if p.HasEnded() {
		return nil, nil // another process may have its number
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // no process
		}
		one, err := readProcess(pid)
		switch {
		case err != nil: // it has ended meanwhile
		case pid == p.Pid():
			all = append(all, one)
		default:
			children[one.parent] = append(children[one.parent], one)
		}
	}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].pid]...)
	}
	return all, nil
}

// CPU returns the user and system time that the server's processes have used, rounded to 10 ms
// each. It leaves out what a process has used that ended before, unless its parent waited for it.
func (p *Peer) CPU() (time.Duration, error) {
	all, err := p.tree()
	var sum time.Duration
	for _, one := range all {
		used, e := daemontest.CPU(one.pid)
		if errors.Is(e, fs.ErrNotExist) || errors.Is(e, syscall.ESRCH) { // it has ended meanwhile
			continue
		}
		err = errors.Join(err, e)
		sum += used
	}
	if err == nil && len(all) == 0 {
		err = errors.New("the server has ended")
	}
	return sum, err
}

// patience is how long a server may take to end after SIGTERM.
const patience = 20 * time.Second

// Terminate ends the server with SIGTERM, or with SIGKILL if that takes too long, and then those
// of its processes that are left. It may be called again, and then does nothing: another process may
// have the server's number by then.
//
// It does not wait for the server's output first, as [daemontest.Process.Terminate] does: a process
// that is left may hold it open for ever.
func (p *Peer) Terminate() { p.end.Do(p.terminate) }

func (p *Peer) terminate() {
	all, _ := p.tree()                                              // without /proc no more can be done than for one process
	_ = p.Process.Signal(syscall.SIGTERM)                           // it may have ended
	_ = daemontest.Await(patience, "the server ends", func() bool { // or it is killed
		one, err := readProcess(p.Pid())
		return err != nil || one.ended
	})
	for _, one := range all {
		if now, err := readProcess(one.pid); err == nil && now.started == one.started {
			_ = syscall.Kill(one.pid, syscall.SIGKILL) // it may have ended
		}
	}
	p.killGroup()
	p.Process.Terminate()
}

// killGroup ends the processes that a server has left that ended by itself. They have no parent that
// leads to them, but are in the server's group, unless they have left it.
func (p *Peer) killGroup() {
	_ = syscall.Kill(-p.Pid(), syscall.SIGKILL) // all may have ended
}
