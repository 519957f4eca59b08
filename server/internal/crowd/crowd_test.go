package crowd

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// full is a listener that has a connection at any time.
type full struct {
	net.Listener
	accepted atomic.Int32
}

func (f *full) Accept() (net.Conn, error) {
	f.accepted.Add(1)
	c, _ := net.Pipe()
	return c, nil
}

func (f *full) Close() error { return nil }

// TestCrowd: a listener has so many connections at once. More wait until one of them is closed, or the listener.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5
		f := &full{}
		l := Bound(f, most, nil)
		conns := make(chan net.Conn, 2*most)
		ended := make(chan error, 1)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					ended <- err
					return
				}
				conns <- c
			}
		}()
		for closed := range int32(3) {
			synctest.Wait()
			if got := f.accepted.Load(); got != most+closed {
				t.Errorf("%d connections are accepted, and %d were closed", got, closed)
			}
			c := <-conns
			c.Close()
			c.Close() // gives one place back
		}
		synctest.Wait()
		l.Close()
		l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestServes: a peer that is not served is closed, and takes no place.
func TestServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &full{}
		asked := 0
		l := Bound(f, 1, func(net.Addr) bool {
			asked++
			return asked > 3
		})
		c, err := l.Accept()
		if err != nil || asked != 4 || f.accepted.Load() != 4 {
			t.Errorf("%v; asked about %d of %d", err, asked, f.accepted.Load())
		}
		c.Close()
		if c, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
}

// TestCloseWrite: a connection that can be half closed still can.
func TestCloseWrite(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Bound(inner, 1, nil)
	defer l.Close()
	peer, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	c, err := l.AcceptConn()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if n, err := peer.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Error(n, err)
	}
}
