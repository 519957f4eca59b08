//go:build linux

package tests

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/wire"
)

// serve accepts connections until the test ends. On each it reads the hello, calls handle, sends FIN, and
// reads what the client still sends, so that no reset destroys an answer.
func serve(t *testing.T, handle func(number int, conn net.Conn)) (addr string) {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", handle)
}

func serveOn(t *testing.T, network, at string, handle func(number int, conn net.Conn)) (addr string) {
	t.Helper()
	listener, err := net.Listen(network, at)
	check(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for number := 0; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if _, err := io.ReadFull(conn, make([]byte, 8+20)); err == nil {
					handle(number, conn)
				}
				conn.(interface{ CloseWrite() error }).CloseWrite()
				io.Copy(io.Discard, conn)
				conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

func welcome(dim int) wire.Welcome {
	return wire.Welcome{Format: wire.Format{Dim: dim, Outputs: 1, MaxVectors: 8}, Kind: wire.Raw}
}

// answerOne answers a request of one vector with zero.
func answerOne(conn net.Conn, dim int) {
	if _, err := io.ReadFull(conn, make([]byte, 4+4*dim)); err == nil {
		conn.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// answerAll answers every request with zeros.
func answerAll(conn net.Conn, dim int) {
	header := make([]byte, 4)
	for {
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		vectors := int(binary.LittleEndian.Uint32(header))
		if _, err := io.ReadFull(conn, make([]byte, 4*vectors*dim)); err != nil {
			return
		}
		conn.Write(append(header[:4:4], make([]byte, 4*vectors)...))
	}
}

// ask runs subject with settings and one row in each of so many rounds, in both modes, and returns what
// came of each call, which must be the same, and what the last one said.
func ask(t *testing.T, settings string, rounds int, addrs ...string) (outcomes, said string) {
	t.Helper()
	for k, mode := range []string{"loop", "wait"} {
		out, err := askIn(t, mode, settings, rounds, addrs...)
		if k > 0 && outcomes != out {
			t.Errorf("in an event loop %q, and with blocking calls %q", outcomes, out)
		}
		outcomes, said = out, err
	}
	return outcomes, said
}

// askIn is ask in one mode.
func askIn(t *testing.T, mode, settings string, rounds int, addrs ...string) (outcomes, said string) {
	t.Helper()
	cmd := exec.Command(compile(t, "subject"), append([]string{mode}, addrs...)...)
	cmd.Stdin = strings.NewReader(settings + strings.Repeat("\nround 1\n0 1 1 3f800000", rounds))
	outcomes, said, status := daemontest.RunCommandToEnd(t, cmd)
	if wrong := strings.Contains(said, "Sanitizer") || status != 0 && outcomes != ""; wrong {
		t.Errorf("%s: status %d: %s", mode, status, said)
	}
	return outcomes, said
}

const zero = "scores 0000000000000000000000000000000000000000000000000000000000000000 00000000\n"

// TestConfig: each mistake in the configuration has a sentence.
func TestConfig(t *testing.T) {
	for addr, want := range map[string]string{
		"host":            "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		":9900":           "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"host:":           "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"host:65536":      "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"host:http":       "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"::1:9900":        "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"[]:9900":         "an address is none of host:port, [IPv6]:port and unix:PATH\n",
		"unix:":           "the address unix: has no path\n",
		"unix:" + long108: "the path of a Unix socket is too long\n",
	} {
		if outcomes, said := ask(t, "", 1, addr); outcomes != "" || said != want {
			t.Errorf("%s: %q, %q", addr, outcomes, said)
		}
	}
	for settings, want := range map[string]string{
		"window 65537":        "window is above 65536\n",
		"hello 65536 0 0 0 -": "dim, outputs or max_vectors is above 65535\n",
		"stall 1073741825":    "a timeout is above 2^30 milliseconds\n",
	} {
		if outcomes, said := ask(t, settings, 1, "host:1"); outcomes != "" || said != want {
			t.Errorf("%s: %q, %q", settings, outcomes, said)
		}
	}
}

var long108 = strings.Repeat("x", 108)

// TestUnreachable: calls fail if nothing listens, and not if the next address is that of a server.
func TestUnreachable(t *testing.T) {
	nobody := "unix:" + t.TempDir() + "/nobody"
	outcomes, said := ask(t, "", 2, nobody)
	if outcomes != strings.Repeat("no server can be reached\n", 2) || !strings.Contains(said, "reached; "+nobody+": cannot connect: No such file") {
		t.Errorf("%q, %q", outcomes, said)
	}
	addr := serve(t, func(_ int, conn net.Conn) {
		conn.Write(wire.AppendWelcome(nil, welcome(1)))
		answerOne(conn, 1)
	})
	if outcomes, said := ask(t, "", 3, nobody, "[::ffff:127.0.0.1]:1", addr); outcomes != strings.Repeat(zero, 3) {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestReason: what a server says of its refusal reaches a terminal without control characters.
func TestReason(t *testing.T) {
	addr := serve(t, func(_ int, conn net.Conn) {
		w := welcome(1)
		w.Verdict, w.Sentence = 6, "\x1b[1mfull\xff, 日本 é\u0085\xed\xa0\x80"
		conn.Write(wire.AppendWelcome(nil, w))
	})
	_, said := ask(t, "", 1, addr)
	if want := "the server refuses the client; " + addr + ": refuses: ?[1mfull?, 日本 é?????\n"; said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// TestReset: the reason of a connection that was reset before the welcome says both.
func TestReset(t *testing.T) {
	addr := serve(t, func(_ int, conn net.Conn) {
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	_, said := ask(t, "", 1, addr)
	if want := "; " + addr + ": closed before its welcome: a version 1 server, a full one, or an address not allowed; Connection reset by peer\n"; !strings.HasSuffix(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

// TestLastFailure: when all addresses have failed, the status of a call is that of the failure which the reason
// explains, also if another address comes after it whose next attempt is not due.
func TestLastFailure(t *testing.T) {
	nobody := "unix:" + t.TempDir() + "/nobody"
	addr := serve(t, func(_ int, conn net.Conn) {
		w := welcome(1)
		w.Verdict = 6
		conn.Write(wire.AppendWelcome(nil, w))
	})
	for _, mode := range []string{"loop", "wait"} {
		// Which one fails last depends on how soon the other one is due again.
		outcomes, said := askIn(t, mode, "", 1, addr, nobody)
		unreachable := outcomes == "no server can be reached\n" && strings.Contains(said, "; "+nobody+": ")
		refused := outcomes == "refused 6 \n" && strings.Contains(said, "; "+addr+": ")
		if !unreachable && !refused {
			t.Errorf("%s: %q, %q", mode, outcomes, said)
		}
	}
}

// TestLongSentence: what is too long of a sentence is cut.
func TestLongSentence(t *testing.T) {
	addr := serve(t, func(_ int, conn net.Conn) {
		w := welcome(1)
		w.Verdict, w.Sentence = 6, strings.Repeat("x", wire.MaxSentenceBytes)
		conn.Write(wire.AppendWelcome(nil, w))
	})
	if outcomes, said := ask(t, "", 1, addr); outcomes != "refused 6 "+strings.Repeat("78", 1023)+"\n" {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestAnotherShape: a server whose model has another shape than that of the first one is refused.
func TestAnotherShape(t *testing.T) {
	addr := serve(t, func(number int, conn net.Conn) { // each client of the test makes two connections
		conn.Write(wire.AppendWelcome(nil, welcome(1+number%2)))
		answerOne(conn, 1)
	})
	if outcomes, said := ask(t, "", 2, addr); outcomes != zero+"refused 0 \n" || !strings.Contains(said, "serves another dim") {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestStall: a connection on which the server is silent is closed. With retries the call is sent again.
func TestStall(t *testing.T) {
	silent := func(conn net.Conn) {
		conn.Write(wire.AppendWelcome(nil, welcome(1)))
		io.Copy(io.Discard, conn)
	}
	addr := serve(t, func(_ int, conn net.Conn) { silent(conn) })
	outcomes, said := ask(t, "stall 50", 1, addr)
	if outcomes != "lost\n" || !strings.Contains(said, ", written; "+addr+": the server has been silent for too long") {
		t.Errorf("%q, %q", outcomes, said)
	}
	again := serve(t, func(number int, conn net.Conn) {
		if number%2 == 0 {
			silent(conn)
			return
		}
		conn.Write(wire.AppendWelcome(nil, welcome(1)))
		answerOne(conn, 1)
	})
	if outcomes, said := ask(t, "stall 50 retries 1", 1, again); outcomes != zero {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestLeaves: a client leaves a server that goes away as soon as all is answered, even if no FIN comes.
func TestLeaves(t *testing.T) {
	left := make(chan bool)
	t.Cleanup(func() { close(left) })
	addr := serve(t, func(number int, conn net.Conn) {
		conn.Write(wire.AppendWelcome(nil, welcome(1)))
		if number%2 == 1 {
			answerOne(conn, 1)
		} else if _, err := io.ReadFull(conn, make([]byte, 8)); err == nil {
			conn.Write(append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, wire.AppendGoingAway(nil)...)) // at once: no request comes between
			<-left
		}
	})
	if outcomes, said := ask(t, "", 2, addr); outcomes != zero+zero {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestLimits: a welcome beyond the protocol's limits is none.
func TestLimits(t *testing.T) {
	for _, at := range []int{12, 16, 24} { // dim, outputs, max_vectors
		addr := serve(t, func(_ int, conn net.Conn) {
			bytes := wire.AppendWelcome(nil, wire.Welcome{Format: wire.Format{Dim: 1, Outputs: 1, MaxVectors: 1}})
			binary.LittleEndian.PutUint32(bytes[at:], 65536)
			conn.Write(bytes)
		})
		if outcomes, said := ask(t, "", 1, addr); outcomes != "no_welcome\n" {
			t.Errorf("the field at %d: %q, %q", at, outcomes, said)
		}
	}
}

// TestContrary: a welcome that is not what the client has asked for is none, whichever field it is.
func TestContrary(t *testing.T) {
	addr := serve(t, func(_ int, conn net.Conn) {
		w := welcome(1)
		w.Model = "xy"
		conn.Write(wire.AppendWelcome(nil, w))
		answerOne(conn, 1)
	})
	for _, hello := range []string{"2 0 0 0 -", "0 2 0 0 -", "0 0 2 0 -", "0 0 0 9 -", "0 0 0 0 7878", "0 0 0 0 78"} {
		if outcomes, said := ask(t, "hello "+hello, 1, addr); outcomes != "no_welcome\n" {
			t.Errorf("the hello %s: %q, %q", hello, outcomes, said)
		}
	}
	if outcomes, said := ask(t, "hello 1 1 1 8 7879", 1, addr); outcomes != zero {
		t.Errorf("the hello of all that the server has: %q, %q", outcomes, said)
	}
}

// TestNextAddress: after the end of a connection the next address has its turn.
func TestNextAddress(t *testing.T) {
	server := func(identity byte) string {
		return serve(t, func(_ int, conn net.Conn) {
			w := welcome(1)
			w.Identity[0] = identity
			conn.Write(wire.AppendWelcome(nil, w))
			answerOne(conn, 1)
		})
	}
	outcomes, said := ask(t, "", 3, server(0), server(0xAB))
	if want := zero + strings.Replace(zero, "00", "ab", 1) + zero; outcomes != want {
		t.Errorf("%q, %q", outcomes, said)
	}
}

// TestBlocked: a client whose requests do not fit into the socket goes on when they do.
func TestBlocked(t *testing.T) {
	const calls, rows, dim = 60, 8, 4096 // 7.5 MiB
	path := t.TempDir() + "/s"           // a Unix socket holds less than one of TCP
	serveOn(t, "unix", path, func(_ int, conn net.Conn) {
		conn.Write(wire.AppendWelcome(nil, welcome(dim)))
		for range calls {
			if _, err := io.ReadFull(conn, make([]byte, 4+4*rows*dim)); err == nil {
				conn.Write(append([]byte{rows, 0, 0, 0}, make([]byte, 4*rows)...))
			}
		}
	})
	call := fmt.Sprintf("\n0 %d %d%s", rows, dim, strings.Repeat(" 0", rows*dim))
	outcomes, said := ask(t, fmt.Sprintf("round %d", calls)+strings.Repeat(call, calls), 0, "unix:"+path)
	if want := strings.TrimSuffix(zero, "\n") + strings.Repeat(" 00000000", rows-1) + "\n"; outcomes != strings.Repeat(want, calls) {
		t.Errorf("%.300q, %q", outcomes, said)
	}
}

// TestHangsUp: a server that welcomes and goes away again and again is not asked for ever.
func TestHangsUp(t *testing.T) {
	var connections atomic.Int64
	addr := serve(t, func(_ int, conn net.Conn) {
		connections.Add(1)
		conn.Write(wire.AppendGoingAway(wire.AppendWelcome(nil, welcome(1))))
	})
	if outcomes, said := ask(t, "", 1, addr); outcomes != "lost\n" {
		t.Errorf("%q, %q", outcomes, said)
	}
	if connections.Load() > 20 {
		t.Errorf("%d connections", connections.Load())
	}
}

// TestBusy: a program that does other work until a time is over, after which an answer, a welcome or a
// connection would be too late, gets the scores, because these came in time.
func TestBusy(t *testing.T) {
	const dim, rows = 4096, 64 // 1 MiB: more than a Unix socket holds
	serveAll := func(_ int, conn net.Conn) {
		conn.Write(wire.AppendWelcome(nil, welcome(dim)))
		answerAll(conn, dim)
	}
	tcp, unix := serve(t, serveAll), "unix:"+t.TempDir()+"/s"
	serveOn(t, "unix", strings.TrimPrefix(unix, "unix:"), serveAll)
	call := func(timeout, rows int) string {
		return fmt.Sprintf("round 1\n%d %d %d%s\n", timeout, rows, dim, strings.Repeat(" 0", rows*dim))
	}
	scores := func(rows int) string {
		return strings.TrimSuffix(zero, "\n") + strings.Repeat(" 00000000", rows-1) + "\n"
	}
	for _, c := range []struct{ name, addr, input, want string }{
		{"the server seems silent", tcp, "stall 500\n" + call(0, 1) + "busy\n" + call(0, 1), scores(1) + scores(1)},
		{"more is to be sent", unix, "stall 500\n" + call(0, 1) + "busy\n" + call(0, rows), scores(1) + scores(rows)},
		{"the call's time is over", tcp, call(0, 1) + "busy\n" + call(500, 1), scores(1) + scores(1)},
		{"connecting", tcp, "connect 500\nstall 500\nbusy\n" + call(0, 1), scores(1)},
		{"no welcome", unix, "connect 500\nstall 500\nbusy\n" + call(0, 1), scores(1)},
	} {
		if outcomes, said := ask(t, c.input, 0, c.addr); outcomes != c.want {
			t.Errorf("%s: %.200q, %q", c.name, outcomes, said)
		}
	}
}
