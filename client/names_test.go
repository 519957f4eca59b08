package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// names is a name server that resolves the name scorer to given addresses, each time in
// another order.
type names struct {
	mu    sync.Mutex
	ips   []string
	asked int
}

func (n *names) lookUp(_ context.Context, host string) (ips []netip.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if host != "scorer" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	for k := range n.ips {
		ips = append(ips, netip.MustParseAddr(n.ips[(k+n.asked)%len(n.ips)]))
	}
	n.asked++
	return ips, nil
}

// replicas are servers on the same port of several addresses. They count the connections
// that each has at the moment.
type replicas struct {
	port  string
	conns map[string]*atomic.Int32
}

// serveReplicas runs script for each connection to a replica on one of ips. Its port is
// free on all of ips.
func serveReplicas(t *testing.T, script func(*peer), ips ...string) *replicas {
	t.Helper()
	r := &replicas{port: "0", conns: map[string]*atomic.Int32{}}
	for _, ip := range ips {
		var conns atomic.Int32
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, r.port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(runScripts(listener, 3, welcoming(func(p *peer) {
			conns.Add(1)
			defer conns.Add(-1)
			script(p)
		})))
		r.conns[ip] = &conns
		_, r.port, _ = net.SplitHostPort(listener.Addr().String())
	}
	return r
}

// spread returns how many connections each replica has, in ascending order.
func (r *replicas) spread() (conns []int32) {
	for _, n := range r.conns {
		conns = append(conns, n.Load())
	}
	slices.Sort(conns)
	return conns
}

var three = []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}

// TestNameWithThreeAddresses: the connections to one name are spread evenly over its
// addresses.
func TestNameWithThreeAddresses(t *testing.T) {
	r := serveReplicas(t, answerAll, three...)
	n := names{ips: three}
	c := dial(t, Config{Dim: 3, Conns: 6, lookUp: n.lookUp}, "scorer:"+r.port)
	await(t, "two connections to each address", func() bool { return slices.Equal(r.spread(), []int32{2, 2, 2}) })
	if err := scoreOnce(t.Context(), c, 1, 300); err != nil {
		t.Error(err)
	}
}

// TestManyClientsOfOneName: clients with one connection each choose different addresses.
func TestManyClientsOfOneName(t *testing.T) {
	r := serveReplicas(t, answerAll, three...)
	n := names{ips: three}
	for k := 0; slices.Contains(r.spread(), 0); k++ {
		if k == 500 { // of 500 clients none chooses one of the addresses: less likely than 1e-80
			t.Fatalf("500 clients chose these addresses: %v", r.spread())
		}
		c := dial(t, Config{Dim: 3, lookUp: n.lookUp}, "scorer:"+r.port)
		if err := scoreOnce(t.Context(), c, k, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAddressOfANameFails: no server listens on one of three addresses. Its connections go
// to the next at once, and Dial does not fail.
func TestAddressOfANameFails(t *testing.T) {
	r := serveReplicas(t, answerAll, three[:2]...)
	n := names{ips: three}
	c := dial(t, Config{Dim: 3, Conns: 6, lookUp: n.lookUp}, "scorer:"+r.port)
	for k, s := range c.slots {
		if s.link.Load() == nil {
			t.Errorf("connection %d: %v", k, s.failed)
		}
	}
	await(t, "four connections and two", func() bool { return slices.Equal(r.spread(), []int32{2, 4}) })
}

// TestAllAddressesOfANameFail: the error is one sentence that names each address.
func TestAllAddressesOfANameFail(t *testing.T) {
	n := names{ips: three}
	_, port, _ := net.SplitHostPort(unusedAddr(t))
	_, err := Dial(t.Context(), Config{Addrs: []string{"scorer:" + port}, lookUp: n.lookUp})
	if unavailable, ok := errors.AsType[*Unavailable](err); !ok || len(unavailable.Errs) != 1 {
		t.Fatalf("got %v", err)
	}
	for _, ip := range three {
		if !strings.Contains(err.Error(), ip+":"+port) {
			t.Errorf("%s is not in %q", ip, err)
		}
	}
	_, err = Dial(t.Context(), Config{Addrs: []string{"nobody:" + port}, lookUp: n.lookUp})
	if dnsErr, ok := errors.AsType[*net.DNSError](err); !ok || dnsErr.Name != "nobody" {
		t.Errorf("an unknown name: got %v", err)
	}
}

// TestAddressOfANameIsSilent: an attempt at one address of two never ends. It gets half of
// the time, and the other address the rest.
func TestAddressOfANameIsSilent(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	n := names{ips: three[:2]}
	var silent atomic.Int32
	cfg := Config{Version: 1, Dim: 3, Conns: 2, DialTimeout: 100 * time.Millisecond, lookUp: n.lookUp}
	cfg.dial = func(ctx context.Context, addr string) (net.Conn, error) {
		if addr == "127.0.0.1:9" {
			silent.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return near, nil
	}
	c := dial(t, cfg, "scorer:9")
	for k, s := range c.slots {
		if s.link.Load() == nil {
			t.Errorf("connection %d: %v", k, s.failed)
		}
	}
	if silent.Load() != 1 {
		t.Errorf("%d attempts at the silent address, want one", silent.Load())
	}
}

// TestNamesAreLookedUpAgain: the Client looks the name up for each new connection, so that a
// server may move.
func TestNamesAreLookedUpAgain(t *testing.T) {
	r := serveReplicas(t, func(p *peer) {
		if scores, ok := p.readScores(); ok {
			p.writeScores(scores)
		}
	}, three...)
	var n names
	cfg := Config{Dim: 3, MaxVectors: 4, lookUp: n.lookUp}
	var dialled []string
	cfg.dial = func(ctx context.Context, addr string) (net.Conn, error) {
		dialled = append(dialled, addr)
		return dialAddr(ctx, addr)
	}
	n.ips = three[:1]
	c := dial(t, cfg, "scorer:"+r.port)
	var want []string
	for k, ip := range three {
		want = append(want, net.JoinHostPort(ip, r.port))
		if err := scoreOnce(t.Context(), c, k, 1); err != nil {
			t.Fatal(err)
		}
		await(t, "the server to close", func() bool { return c.asleep.Load() == 1 })
		n.mu.Lock()
		n.ips = three[(k+1)%3 : (k+1)%3+1]
		n.mu.Unlock()
	}
	c.Close()
	if !slices.Equal(dialled, want) {
		t.Errorf("connected to %v, want %v", dialled, want)
	}
}

// TestLocalhost: the real resolver finds the name that every system has.
func TestLocalhost(t *testing.T) {
	_, port, _ := net.SplitHostPort(serve(t, 3, answerAll))
	if err := scoreOnce(t.Context(), dial(t, small, "localhost:"+port), 1, 10); err != nil {
		t.Error(err)
	}
}

func TestInTurn(t *testing.T) {
	ips := func(names ...string) (ips []netip.Addr) {
		for _, n := range names {
			ips = append(ips, netip.MustParseAddr(n))
		}
		return ips
	}
	for _, c := range []struct {
		lookedUp []netip.Addr
		turn     int
		want     []netip.Addr
	}{
		{ips("10.0.0.1"), 7, ips("10.0.0.1")},
		{ips("10.0.0.2", "10.0.0.1", "10.0.0.3"), 0, ips("10.0.0.1", "10.0.0.2", "10.0.0.3")},
		{ips("10.0.0.3", "10.0.0.1", "10.0.0.2"), 1, ips("10.0.0.2", "10.0.0.3", "10.0.0.1")},
		{ips("10.0.0.1", "10.0.0.2", "10.0.0.3"), 5, ips("10.0.0.3", "10.0.0.1", "10.0.0.2")},
		{ips("fe80::2", "10.0.0.1", "fe80::1", "10.0.0.2"), 1, ips("fe80::2", "fe80::1", "10.0.0.2", "10.0.0.1")},
		{ips("10.0.0.1", "fe80::1"), 3, ips("10.0.0.1", "fe80::1")},
	} {
		if got := inTurn(slices.Clone(c.lookedUp), c.turn); !slices.Equal(got, c.want) {
			t.Errorf("%v, turn %d: %v, want %v", c.lookedUp, c.turn, got, c.want)
		}
	}
}
