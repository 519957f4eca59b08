//go:build linux

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestNarrowReader: a fake that keeps its answers has a fault. A fake whose kernel holds the
// answers back has none.
func TestNarrowReader(t *testing.T) {
	shortFault := stallLimits{look: 10 * time.Millisecond, fault: 100 * time.Millisecond, giveUp: time.Hour}
	shortGiveUp := stallLimits{look: 10 * time.Millisecond, fault: time.Hour, giveUp: 100 * time.Millisecond}
	for _, test := range []struct {
		lie string
		stallLimits
		done func(sum *tally, err error) bool
	}{
		{"none", ordinary, func(sum *tally, err error) bool { return sum.Verified > 0 }},
		{"swallow", shortFault, func(sum *tally, err error) bool {
			return errors.Is(err, os.ErrDeadlineExceeded) && strings.Contains(err.Error(), "the server's end has 0 bytes to send")
		}},
		{"hold back", shortGiveUp, func(sum *tally, err error) bool {
			return sum.Stalls > 0 && strings.HasPrefix(sum.StallState, "in the kernel the server's end has ")
		}},
	} {
		t.Run(test.lie, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			f := &fake{lie: test.lie}
			go f.accept(listener.(*net.TCPListener))
			sum := new(tally)
			p := newPeer(target{addr: listener.Addr().String()}, sum, 0)
			for err == nil && !test.done(sum, nil) { // one connection's life may be too short
				err = p.readNarrowly(t.Context(), test.stallLimits)
			}
			if !test.done(sum, err) || err != nil && test.lie != "swallow" {
				t.Errorf("%v; %+v", err, sum)
			}
		})
	}
}

// TestStallsAreTold: the report has stalls by TCP, although they are no faults.
func TestStallsAreTold(t *testing.T) {
	sum := &tally{Name: "narrow-reader"}
	sum.stall(3*time.Second, "a window closed", true)
	sum.stall(31*time.Second, "115000 bytes to send", false)
	sum.stall(4*time.Second, "5 bytes to send", true)
	var out bytes.Buffer
	newTable(&out, options{}).add(&result{Attacks: []*tally{sum}})
	if want := "narrow-reader: 2 stalls by TCP, the longest over 31s: 115000 bytes to send\n"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in:\n%s", want, out.String())
	}
}
