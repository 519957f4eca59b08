//go:build linux

package listen

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// mustOpen returns a Set that listens until the test ends.
func mustOpen(t *testing.T, cfg Config) *Set {
	t.Helper()
	s, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func open(cfg Config) (*Set, error) {
	if cfg.Threads == 0 {
		cfg.Threads = 2
	}
	if cfg.UnixMode == 0 {
		cfg.UnixMode = 0o660
	}
	s, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.Listen(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// wantRefused fails the test unless Open or Listen returns an error that contains all of
// parts.
func wantRefused(t *testing.T, cfg Config, parts ...string) {
	t.Helper()
	s, err := open(cfg)
	if err == nil {
		s.Close()
		t.Fatalf("%v: opened", cfg.Addrs)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v: the error does not contain %q: %v", cfg.Addrs, part, err)
		}
	}
}

// dial connects to addr and closes the connection.
func dial(addr net.Addr) error {
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// TestSeveral: each address has a listener for each thread, and String lists all addresses.
func TestSeveral(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	s := mustOpen(t, Config{Addrs: []string{"127.0.0.1:0", "unix:" + path, "[::1]:0"}, Threads: 3})
	addrs := s.Addrs()
	if want := addrs[0].String() + ", unix:" + path + " and " + addrs[2].String(); s.String() != want {
		t.Errorf("the addresses are %s, want %s", s, want)
	}
	fds := make(map[int32]bool)
	for thread := range 3 {
		listeners := s.Thread(thread)
		for i, tcp := range []bool{true, false, true} {
			if fds[listeners[i].FD] = true; listeners[i].TCP != tcp {
				t.Errorf("thread %d: listener %d has TCP %t", thread, i, !tcp)
			}
		}
	}
	if len(fds) != 9 {
		t.Errorf("there are %d listeners, want 9", len(fds))
	}
	for _, addr := range addrs {
		if err := dial(addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// TestAllOrNothing: when Open cannot take one address, it releases the others.
func TestAllOrNothing(t *testing.T) {
	taken := mustOpen(t, Config{Addrs: []string{"127.0.0.1:0"}}).Addrs()[0].String()
	path := t.TempDir() + "/a.sock"
	wantRefused(t, Config{Addrs: []string{"unix:" + path, taken}}, "in use")
	wantRefused(t, Config{Addrs: []string{"unix:" + path, "unix:/etc/passwd"}}, "unix:/etc/passwd")
	mustOpen(t, Config{Addrs: []string{"unix:" + path}})
}

// oneOfTwo opens two Sets on one address at the same moment, each for several threads. One
// Set must get all its listeners and the other none.
func oneOfTwo(t *testing.T, addr string) {
	var errs [2]error
	var sets [2]*Set
	var starting sync.WaitGroup
	for i := range sets {
		starting.Go(func() { sets[i], errs[i] = open(Config{Addrs: []string{addr}, Threads: 8}) })
	}
	starting.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("exactly one of two must get %s: %v and %v", addr, errs[0], errs[1])
	}
	for _, s := range sets {
		if s != nil {
			if err := dial(s.Addrs()[0]); err != nil {
				t.Errorf("the server that got %s takes no connections: %v", addr, err)
			}
			s.Close()
		}
	}
}

// TestOneOfTwo runs many addresses in parallel, because the kernel takes a while to release
// a port.
func TestOneOfTwo(t *testing.T) {
	dir := t.TempDir()
	var rounds sync.WaitGroup
	for i, addr := range freePorts(t, 32) {
		rounds.Go(func() { oneOfTwo(t, addr) })
		rounds.Go(func() { oneOfTwo(t, "unix:"+dir+"/"+string(rune('A'+i))) })
	}
	rounds.Wait()
}

// freePorts returns addresses whose ports are free at the moment.
func freePorts(t *testing.T, count int) (addrs []string) {
	for range count {
		s, err := Open(Config{Addrs: []string{"127.0.0.1:0"}, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		addrs = append(addrs, s.Addrs()[0].String())
	}
	return addrs
}
