package drive

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// resolve is a name server that gives any name these addresses, each time in another order.
func resolve(ips ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	asked := 0
	return func(context.Context, string, string) (found []netip.Addr, _ error) {
		for k := range ips {
			found = append(found, netip.MustParseAddr(ips[(k+asked)%len(ips)]))
		}
		asked++
		return found, nil
	}
}

// TestNameWithThreeAddresses: the connections of a run are spread evenly over the addresses of a
// name. An address where nobody listens gives way to the others.
func TestNameWithThreeAddresses(t *testing.T) {
	three := []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}
	servers, port := [3]script{}, "0"
	for k := range servers {
		servers[k].faulty = 100 // they have no fault, but count their connections
		_, port, _ = net.SplitHostPort(serveOn(t, "tcp", three[k]+":"+port, &servers[k]))
	}
	q, err := Generate(small, Uniform(1), 1)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Addr: "scorer:" + port, Conns: 6, Window: 4, Quota: 600, Requests: q, lookUp: resolve(three...)}
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for k := range servers {
		if n := servers[k].served.Load(); n != 2 {
			t.Errorf("%s had %d connections of 6, want 2", three[k], n)
		}
	}
	c.lookUp = resolve("127.0.0.1", "127.0.0.4", "127.0.0.3")
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if n := servers[0].served.Load() + servers[2].served.Load() - 4; n != 6 {
		t.Errorf("the two servers that listen had %d connections, want 6", n)
	}
	c.lookUp = resolve("127.0.0.4", "127.0.0.5")
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "cannot reach scorer:"+port+": connect: ") {
		t.Errorf("%v, want that scorer cannot be reached", err)
	}
}

// TestAddresses: the kind of address that the resolver prefers comes first.
func TestAddresses(t *testing.T) {
	for addr, want := range map[string][]string{
		"127.0.0.1:9": {"127.0.0.1:9"}, "[::1]:9": {"[::1]:9"}, ":9": {":9"}, "nothing": {"nothing"},
		"scorer:9": {"[::1]:9", "[::2]:9", "127.0.0.1:9", "127.0.0.2:9"},
	} {
		c := Config{Addr: addr, lookUp: resolve("::1", "127.0.0.2", "::2", "127.0.0.1"), Stall: time.Second}
		got, err := c.addresses(t.Context())
		if len(got) == 4 {
			slices.Sort(got[:2])
			slices.Sort(got[2:])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", addr, got, err, want)
		}
	}
}
