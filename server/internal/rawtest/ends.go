//go:build linux

package rawtest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// LateError says that a connection's deadline passed. It holds what the kernel knew of both
// ends at that time, which shows whether the server or TCP held the answer back.
type LateError struct {
	Ends
	cause error
}

func (e *LateError) Error() string { return fmt.Sprintf("%v; %v", e.cause, e.Ends) }

func (e *LateError) Unwrap() error { return e.cause }

// late turns err into a LateError if the connection's deadline has passed. After Allow(0) it
// leaves err as it is. It costs a scan of all TCP connections of the machine.
func (c *Client) late(err error) error {
	if c.ended.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return &LateError{c.ends(), err}
}

// Ends is what the kernel knows of a connection whose two ends are on this machine.
type Ends struct{ Server, Client End }

// End is one socket of a connection.
type End struct {
	Known  bool
	ToSend int // bytes that its process has written and the other end has not acknowledged
	ToRead int // bytes that it has acknowledged and its process has not read
	timer  int
	due    time.Duration // until the timer fires
}

// ticksPerSecond is USER_HZ, the unit of times in /proc on every Linux.
const ticksPerSecond = 100

// timers names the timers of a connection by the kernel's numbers.
var timers = map[int]string{1: "retransmission", 2: "acknowledgement or keepalive", 4: "window probe"}

func (e Ends) String() string {
	return fmt.Sprintf("in the kernel the server's end %v, the client's %v", e.Server, e.Client)
}

func (e End) String() string {
	if !e.Known {
		return "is not there"
	}
	timer := timers[e.timer]
	if timer == "" {
		return fmt.Sprintf("has %d bytes to send and %d to read", e.ToSend, e.ToRead)
	}
	return fmt.Sprintf("has %d bytes to send and %d to read (%s due in %v)", e.ToSend, e.ToRead, timer, e.due)
}

// ends looks both ends up in the kernel's table of IPv4 connections, which has no Unix
// sockets. The kernel hands the table out page by page, and may skip a line when the table
// changes meanwhile. ends therefore retries before it reports an end as missing.
func (c *Client) ends() (e Ends) {
	if _, ok := c.conn.(*net.TCPConn); !ok {
		return e
	}
	client, server := addrPort(c.conn.LocalAddr()), addrPort(c.conn.RemoteAddr())
	for tries := 0; tries < 3 && !(e.Server.Known && e.Client.Known); tries++ {
		table, err := os.Open("/proc/net/tcp")
		if err != nil {
			return e
		}
		e = findEnds(table, server, client)
		table.Close()
	}
	return e
}

func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// findEnds parses /proc/net/tcp (proc_net_tcp.rst, Linux 6.18). Each line has a number, the
// socket's own address, the other end's address, a state, the two queues, and a timer with
// the ticks until it is due. All are hexadecimal.
func findEnds(table io.Reader, server, client netip.AddrPort) (e Ends) {
	at, to := inTable(server), inTable(client)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 6:
		case fields[1] == at && fields[2] == to:
			e.Server = parseEnd(fields)
		case fields[1] == to && fields[2] == at:
			e.Client = parseEnd(fields)
		}
	}
	return e
}

// inTable formats an address as the table does: its four bytes as one number in the
// machine's byte order, then its port.
func inTable(a netip.AddrPort) string {
	ip := a.Addr().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), a.Port())
}

func parseEnd(fields []string) (e End) {
	var ticks int
	_, err := fmt.Sscanf(fields[4]+" "+fields[5], "%x:%x %x:%x", &e.ToSend, &e.ToRead, &e.timer, &ticks)
	e.due = time.Duration(ticks) * time.Second / ticksPerSecond
	e.Known = err == nil
	return e
}
