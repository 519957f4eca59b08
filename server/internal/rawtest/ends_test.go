//go:build linux

package rawtest

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// table has a listener on port 0x1F90 = 8080, a connection to it with both ends, one end of
// another connection, and a line cut short.
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000007 00:00000000 00000000  1000        0 26145 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100017F:C350 01 0001C138:00000010 04:00000140 00000000  1000        0 26146 2 0000000000000000 20 4 1 10 -1
   2: 0100017F:C350 0100007F:1F90 01 00001000:000000FF 00:00000000 00000000  1000        0 26147 1 0000000000000000 20 4 1 10 -1
   3: 0100007F:1F90 0100007F:C351 01 00000005:00000006 01:00000014 00000002  1000        0 26148 1 0000000000000000 20 4 1 10 -1
   4: 0100007F:1F90 0100007F:C352 01 0000
`

func TestFindEnds(t *testing.T) {
	for _, test := range []struct{ client, want string }{
		{"127.1.0.1:50000", "in the kernel the server's end has 115000 bytes to send and 16 to read (window probe due in 3.2s), " +
			"the client's has 4096 bytes to send and 255 to read"},
		{"127.0.0.1:50001", "in the kernel the server's end has 5 bytes to send and 6 to read (retransmission due in 200ms), the client's is not there"},
		{"127.0.0.1:50002", "in the kernel the server's end is not there, the client's is not there"},
		{"127.0.0.1:50000", "in the kernel the server's end is not there, the client's is not there"},
	} {
		e := findEnds(strings.NewReader(table), netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort(test.client))
		if got := e.String(); got != test.want {
			t.Errorf("%s: %s", test.client, got)
		}
	}
}

// TestLate: when an answer does not come in time, the error says where the bytes are. After
// Allow(0) it does not.
func TestLate(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Check(t, err)
	defer listener.Close()
	c, err := Dial(listener.Addr().String())
	Check(t, err)
	defer c.Close()
	server, err := listener.Accept()
	Check(t, err)
	defer server.Close()
	Check(t, c.Send(make([]byte, 300)))
	Until(t, "the request at the server's end", func() bool { return c.ends().Server.ToRead == 300 })
	Check(t, c.AllowRead(time.Millisecond))
	err = c.Expect(make([]byte, 8))
	var late *LateError
	if !errors.As(err, &late) || !errors.Is(err, os.ErrDeadlineExceeded) || late.Server.ToRead != 300 {
		t.Errorf("got %v, want the 300 bytes that the server does not read", err)
	}
	_, err = server.Write([]byte("an answer"))
	Check(t, err)
	Until(t, "the answer at the client's end", func() bool {
		e := c.ends()
		return e.Client.ToRead == len("an answer") && e.Server.Known && e.Server.ToSend == 0
	})
	Check(t, c.Allow(0))
	if err := c.Expect(make([]byte, 8)); errors.As(err, &late) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after Allow(0): %v", err)
	}
}
