//go:build linux

package netiotest

import (
	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// network is a kind of stream socket.
type network struct {
	name   string
	family int
	any    unix.Sockaddr // the address to listen on
}

var networks = []network{
	{"tcp", unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}},
	{"unix", unix.AF_UNIX, &unix.SockaddrUnix{}}, // the kernel chooses an abstract address
}

// listener is a listening socket.
type listener struct {
	fd   int32
	addr unix.Sockaddr
}

// listen makes a listener. Its sockets hold enough bytes for a receive that fills a buffer.
func (r *rig) listen() listener {
	r.Helper()
	fd := r.socket()
	r.check("bind", unix.Bind(fd, r.any))
	r.check("listen", unix.Listen(fd, backlog))
	addr, err := unix.Getsockname(fd)
	r.check("getsockname", err)
	return listener{int32(fd), addr}
}

// backlog is how many connections a listener of the suite queues.
const backlog = conns

func (r *rig) socket() int {
	r.Helper()
	fd, err := unix.Socket(r.family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	r.check("socket", err)
	for _, option := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
		r.check("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 4*netio.ReceiveBytes))
	}
	return fd
}

func (r *rig) check(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

// peer is the other end of a connection. Its calls do not wait.
type peer struct {
	r  *rig
	fd int
}

// connect makes a connection that the listener's owner has yet to accept.
func (r *rig) connect(l listener) *peer {
	r.Helper()
	fd := r.socket()
	r.check("connect", unix.Connect(fd, l.addr))
	r.check("set non-blocking", unix.SetNonblock(fd, true))
	return &peer{r, fd}
}

// write writes as much of data as the connection takes.
func (p *peer) write(data []byte) (n int) {
	p.r.Helper()
	for n < len(data) {
		wrote, err := unix.SendmsgN(p.fd, data[n:], nil, nil, unix.MSG_NOSIGNAL)
		if err == unix.EAGAIN {
			break
		}
		p.r.check("peer's send", err)
		n += wrote
	}
	return n
}

// read returns what has arrived at the peer.
func (p *peer) read() (data []byte, eof bool) {
	p.r.Helper()
	buffer := make([]byte, 64<<10)
	for {
		n, err := unix.Read(p.fd, buffer)
		if err == unix.EAGAIN || err == nil && n == 0 {
			return data, n == 0
		}
		p.r.check("peer's read", err)
		data = append(data, buffer[:n]...)
	}
}

// fin ends the peer's output.
func (p *peer) fin() { p.r.check("shutdown", unix.Shutdown(p.fd, unix.SHUT_WR)) }

// reset ends the connection at once. On AF_UNIX a close causes a reset only if the peer has
// not read all its input.
func (p *peer) reset() {
	unix.SetsockoptLinger(p.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	p.close()
}

func (p *peer) close() { p.r.check("close", unix.Close(p.fd)) }

// conn is a connection with both ends.
type conn struct {
	*peer
	key uint64
	fd  int32 // the backend's end

	sending []byte
	seen    []byte // what the peer has read while the backend was sending
}

// pair makes a connection.
func (r *rig) pair() *conn {
	r.Helper()
	l := r.listen()
	defer unix.Close(int(l.fd))
	return r.pairAt(l)
}

func (r *rig) pairAt(l listener) *conn {
	r.Helper()
	p := r.connect(l)
	fd, outcome := r.backend.AcceptNow(l.fd)
	if outcome != 0 {
		r.Fatalf("AcceptNow: outcome %d", outcome)
	}
	return &conn{peer: p, key: r.key(), fd: fd}
}

// pattern returns n bytes of a fixed stream, from position from on.
func pattern(from, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		at := from + i
		data[i] = byte(at ^ at>>8*31 ^ at>>16*17)
	}
	return data
}
