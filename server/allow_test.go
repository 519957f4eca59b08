//go:build linux

package server_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestAllow: the server closes and counts a connection from an address that is not
// allowed. It serves the other peers, over an IPv6 listener too.
func TestAllow(t *testing.T) {
	for _, host := range []string{"0.0.0.0", "::"} {
		some := func(cfg *server.Config) {
			cfg.Host = host
			cfg.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.8/31"), netip.MustParsePrefix("::ffff:127.0.0.10/127"), netip.MustParsePrefix("fd00::/8")}
		}
		rawtest.EachPlacement(t, some, func(t *testing.T, s *rawtest.Server) {
			if got := netip.MustParseAddrPort(s.Addr).Addr().String(); got != host {
				t.Fatalf("the server is on %s, not on %s", got, host)
			}
			_, port, err := net.SplitHostPort(s.Addr)
			rawtest.Check(t, err)
			denied := uint64(0)
			for from, allowed := range map[string]bool{"127.0.0.1": false, "127.0.0.7": false, "127.0.0.8": true, "127.0.0.11": true, "127.0.0.12": false} {
				err := askFrom(from, "127.0.0.1:"+port)
				if allowed && err != nil {
					t.Errorf("from %s: %v", from, err)
				}
				if !allowed {
					denied++
					if err == nil {
						t.Errorf("from %s: served", from)
					}
				}
			}
			rawtest.Until(t, "the denied are counted", func() bool { return s.Metrics().Denied >= denied })
			if got := s.Metrics().Denied; got != denied {
				t.Errorf("Denied is %d, want %d", got, denied)
			}
		})
	}
}

// askFrom connects from an address of this machine and asks for one score.
func askFrom(from, to string) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.Dial("tcp", to)
	if err != nil {
		return err
	}
	defer conn.Close()
	request, answer := rawtest.Source{Dim: 128}.Pipeline(0, 1)
	got := make([]byte, len(answer))
	_, err = conn.Write(request)
	if _, e := io.ReadFull(conn, got); e != nil {
		return errors.Join(err, e)
	}
	if string(got) != string(answer) {
		return errors.New("a wrong answer")
	}
	return nil
}
