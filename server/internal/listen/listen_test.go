//go:build linux

package listen

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// opened is a Set that listens, until the test ends.
func opened(t *testing.T, cfg Config) *Set {
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

// refused asserts that nothing is opened and that the error is a sentence with all of
// names.
func refused(t *testing.T, cfg Config, names ...string) {
	t.Helper()
	s, err := open(cfg)
	if err == nil {
		s.Close()
		t.Fatalf("%v: opened", cfg.Addrs)
	}
	for _, name := range names {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v: the error does not hold %q: %v", cfg.Addrs, name, err)
		}
	}
}

// answers connects to addr and reports whether that works.
func answers(addr net.Addr) error {
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// TestSeveral: each address has a listener for each thread, and all are named.
func TestSeveral(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	s := opened(t, Config{Addrs: []string{"127.0.0.1:0", "unix:" + path, "[::1]:0"}, Threads: 3})
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
		if err := answers(addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// TestAllOrNothing: an address that is not to be had gives up the others.
func TestAllOrNothing(t *testing.T) {
	taken := opened(t, Config{Addrs: []string{"127.0.0.1:0"}}).Addrs()[0].String()
	path := t.TempDir() + "/a.sock"
	refused(t, Config{Addrs: []string{"unix:" + path, taken}}, "in use")
	refused(t, Config{Addrs: []string{"unix:" + path, "unix:/etc/passwd"}}, "unix:/etc/passwd")
	opened(t, Config{Addrs: []string{"unix:" + path}})
}

// oneOfTwo opens two at the same moment, each for several threads: one gets all its
// listeners, the other none.
func oneOfTwo(t *testing.T, addr string) {
	var errs [2]error
	var sets [2]*Set
	var starting sync.WaitGroup
	for i := range sets {
		starting.Go(func() { sets[i], errs[i] = open(Config{Addrs: []string{addr}, Threads: 8}) })
	}
	starting.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("one of two may have %s: %v and %v", addr, errs[0], errs[1])
	}
	for _, s := range sets {
		if s != nil {
			if err := answers(s.Addrs()[0]); err != nil {
				t.Errorf("whoever has %s does not answer: %v", addr, err)
			}
			s.Close()
		}
	}
}

// TestOneOfTwo goes on for many addresses at once, since it takes a while to give a
// port up.
func TestOneOfTwo(t *testing.T) {
	dir := t.TempDir()
	var rounds sync.WaitGroup
	for i, addr := range freePorts(t, 32) {
		rounds.Go(func() { oneOfTwo(t, addr) })
		rounds.Go(func() { oneOfTwo(t, "unix:"+dir+"/"+string(rune('A'+i))) })
	}
	rounds.Wait()
}

// freePorts are some that nobody has at the moment.
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
