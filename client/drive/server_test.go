package drive

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
)

// script says at which response of a connection, counted from 1, a server does something
// special. With the zero script the server answers rightly.
type script struct {
	model float32 // scores are sums times it; 0: the model sum

	welcome *wire.Welcome // of a server of version 2; nil: version 1
	after   *wire.Welcome // if not nil, that of the connections after the faulty ones
	greeted atomic.Int32  // connections that were welcomed
	fail    int           // the request fails
	notice  int           // unknown notices, and that of another model, come before it
	away    int           // the notice that the server is going away comes before it; it waits for the client's FIN

	wrong  int // one bit of the score is wrong
	extra  int // a surplus byte follows it
	close  int // the server closes the connection in the middle of it
	reset  int // the server resets the connection
	silent int // the server sends nothing from it on
	hold   int // it is sent only when the next 99 requests have arrived

	leaves int // the server closes the connection after it

	faulty int32        // unless 0, only so many connections have the faults above
	served atomic.Int32 // connections so far
	enough int32        // the server calls reached when it has answered so many requests on all connections
	all    atomic.Int32

	pause     int // the server waits for pauseTime before it
	pauseTime time.Duration

	reach   int // the server calls reached
	reached func()

	leave int           // the server closes the connection after it
	left  chan struct{} // closed after the first such close; the other connections wait for it
	stays atomic.Int32  // connections that have reached their first response
	once  sync.Once
}

// serve runs a server for requests in the format small and returns its address.
func serve(t testing.TB, s *script) string {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", s)
}

// serveOn is serve on any network and address.
func serveOn(t testing.TB, network, on string, s *script) string {
	t.Helper()
	listener, err := net.Listen(network, on)
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				s.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		conns.Wait()
	})
	return listener.Addr().String()
}

// faultless is the number of a response that no script names.
const faultless = -1

// serve answers conn until it ends, one write for each read.
func (s *script) serve(conn net.Conn) {
	faulty, own := s.faulty == 0 || s.served.Add(1) <= s.faulty, s.welcome
	if !faulty && s.after != nil {
		own = s.after
	}
	if own != nil && !s.greet(conn, *own) {
		return
	}
	buf, held, leaving := make([]byte, 64<<10), 0, false
	for number, out := 0, []byte(nil); ; {
		n, err := conn.Read(buf[held:])
		if err != nil {
			if leaving {
				conn.Write(out)
			}
			return
		}
		in := buf[:held+n]
		for frame := small.ParseRequest(in); frame.Status == wire.Complete; frame = small.ParseRequest(in) {
			number++
			var goOn bool
			place := number
			if !faulty {
				place = faultless
			}
			if s.all.Add(1) == s.enough {
				s.reached()
			}
			if out = s.before(place, out); place == s.away {
				conn.Write(wire.AppendGoingAway(out))
				out, leaving = nil, true
			}
			out = append(out, s.answer(in[:frame.Bytes])...)
			if out, goOn = s.respond(conn, place, out); !goOn {
				return
			}
			in = in[frame.Bytes:]
		}
		if small.ParseRequest(in).Status == wire.Invalid {
			return
		}
		held = copy(buf, in)
		if leaving || s.hold > 0 && number >= s.hold && number < s.hold+99 {
			continue
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}

// answer returns the response of the server's model.
func (s *script) answer(request []byte) []byte {
	response := answer(request, small.Dim)
	if s.model == 0 {
		return response
	}
	sums := make([]float32, (len(response)-wire.HeaderBytes)/4)
	wire.CopyScores(sums, response[wire.HeaderBytes:])
	var scores []float32
	for _, sum := range sums {
		scores = append(scores, sum*s.model)
		for s.welcome != nil && len(scores)%s.welcome.Format.Outputs != 0 {
			scores = append(scores, scores[len(scores)-1]+1)
		}
	}
	return wire.AppendResponse(nil, len(sums), scores)
}

// greet reads a hello, answers it and reports whether it was welcome.
func (s *script) greet(conn net.Conn, own wire.Welcome) bool {
	head := make([]byte, wire.PreambleBytes)
	if _, err := io.ReadFull(conn, head); err != nil {
		return false
	}
	p, _, err := wire.ParsePreamble(head)
	body := make([]byte, p.Size)
	if _, err2 := io.ReadFull(conn, body); err != nil || err2 != nil {
		return false
	}
	w := own.Judge(p, body)
	s.greeted.Add(1)
	conn.Write(wire.AppendWelcome(nil, w))
	return w.Verdict == wire.Welcomed
}

// before appends what comes before a response.
func (s *script) before(number int, out []byte) []byte {
	switch number {
	case s.notice:
		out = wire.AppendNotice(out, 77, nil)
		out = wire.AppendNotice(out, 78, make([]byte, 20))
		out = wire.AppendNotice(out, wire.AnotherModel, make([]byte, wire.IdentityBytes))
	}
	return out
}

// respond applies the script to the last response in out and reports whether the connection
// goes on.
func (s *script) respond(conn net.Conn, number int, out []byte) ([]byte, bool) {
	switch number {
	case s.wrong:
		out[len(out)-3] ^= 1
	case s.extra:
		out = append(out, 1)
	case s.close:
		conn.Write(out[:len(out)-3])
		return nil, false
	case s.fail:
		return wire.AppendFailure(out[:len(out)-8], wire.ModelError, 0), true
	case s.leaves:
		conn.Write(out)
		return nil, false
	case s.reset:
		conn.(*net.TCPConn).SetLinger(0)
		return nil, false
	case s.silent:
		conn.Write(out[:len(out)-8])
		io.Copy(io.Discard, conn)
		return nil, false
	case s.reach:
		s.reached()
	case s.pause:
		<-time.After(s.pauseTime)
	}
	if s.leave > 0 && number == 1 && s.stays.Add(1) > 1 {
		<-s.left
	}
	if s.leave > 0 && number == s.leave {
		conn.Write(out)
		conn.Close()
		s.once.Do(func() { close(s.left) })
		return nil, false
	}
	return out, true
}
