//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// fake is a daemon that keeps every promise but one. It is the test's binary, run with --lie.
type fake struct {
	lie      string
	accepted atomic.Int64
	answered atomic.Int64
	live     sync.WaitGroup

	mu       sync.Mutex
	conns    []*fakeConn
	last     []byte // the last answer on any connection
	waste    [][]byte
	deadline time.Time // of the drain; zero before it
}

// fakeConn is a connection of the fake.
type fakeConn struct {
	*net.TCPConn
	number   int64 // of the connection, from 1 on
	version2 bool  // under the fake's mu
}

// isFake reports whether this process must act as the fake daemon.
func isFake(args []string) bool { return slices.Contains(args, "--lie") }

func fakeMain(args []string) int {
	value := func(name string) string { return args[slices.Index(args, name)+1] }
	listener, err := net.Listen("tcp", "127.0.0.1:"+value("--port"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	f := &fake{lie: value("--lie")}
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		f.accept(listener.(*net.TCPListener))
	}()
	fmt.Fprintf(os.Stderr, "disrust: ready on %s: a fake, memory 100 MiB and 10 KiB per connection, 110 MiB at most\n", listener.Addr())
	<-signals
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(100 * time.Millisecond)) // accepts who has connected
	<-accepted
	listener.Close()
	deadline, _ := time.ParseDuration(value("--drain-timeout"))
	return f.drain(deadline)
}

func (f *fake) accept(listener *net.TCPListener) {
	for {
		accepted, err := listener.AcceptTCP()
		if err != nil {
			return
		}
		count := f.accepted.Add(1)
		c := &fakeConn{TCPConn: accepted, number: count}
		if f.lie == "turn away in silence" && count > neighbourCount && count%16 == 0 {
			c.Close()
			continue
		}
		f.mu.Lock()
		f.conns = append(f.conns, c)
		if f.lie == "grow" && count > neighbourCount && len(f.waste) < 160 {
			f.waste = append(f.waste, slices.Repeat([]byte{1}, 1<<20))
		}
		f.mu.Unlock()
		f.live.Go(func() { f.serve(c) })
	}
}

// drain answers what arrives for a moment more, or on connections of version 2 until their
// peers half-close, for d at most. It returns the fake's exit status.
func (f *fake) drain(d time.Duration) int {
	if f.lie == "stay" {
		select {}
	}
	f.mu.Lock()
	f.deadline = time.Now().Add(d)
	for _, c := range f.conns {
		f.limit(c)
	}
	f.mu.Unlock()
	f.live.Wait()
	if f.lie == "fail" {
		return 3
	}
	return 0
}

// limit makes a connection end in the drain: it tells the peer, if it may, and sets the deadline
// of reads. The caller holds mu.
func (f *fake) limit(c *fakeConn) {
	soon := time.Now().Add(2 * time.Second) // enough for a slow machine to read what has arrived
	switch {
	case f.lie == "drain and forget", f.lie == "drain with resets":
		c.SetReadDeadline(time.Now())
	case !c.version2, f.lie == "drain in haste":
		c.SetReadDeadline(soon)
	default:
		c.SetReadDeadline(f.deadline)
	}
	c.SetWriteDeadline(f.deadline)
	if c.version2 && f.lie != "leave untold" {
		f.tell(c)
	}
	if c.version2 && f.lie == "tell twice" {
		f.tell(c)
	}
}

// tell tells a peer that the fake goes away.
func (f *fake) tell(c *fakeConn) { c.Write(rawtest.GoingAway()) }

// serve answers the requests on a connection until EOF, a violation, the drain or the lie.
func (f *fake) serve(c *fakeConn) {
	if f.lie == "hold back" {
		holdBack(c.TCPConn)
	}
	in, held := bufio.NewReader(c), []byte{}
	welcome := f.greet(c, in)
	for nth := 1; welcome; nth++ {
		answer, err := answerOne(in)
		if denied, ok := err.(badCount); ok && c.version2 && f.lie != "deny in silence" {
			c.Write(rawtest.Failure(countDenied, uint32(denied)))
			if f.lie == "answer the denied" {
				c.Write(rawtest.Source{}.AppendAnswer(nil, 0, 1))
			}
		}
		if err != nil {
			break
		}
		if answer = f.bend(answer, c, nth); answer == nil {
			break
		}
		if f.lie == "drain and forget" && c.number <= neighbourCount {
			answer, held = held, answer // the next request, if one comes, releases this answer
		}
		if _, err := c.Write(answer); err != nil {
			break
		}
	}
	if f.lie == "drain with resets" || f.lie == "refuse with resets" && !welcome {
		c.SetLinger(0)
		c.Close()
		return
	}
	c.CloseWrite()
	f.linger(c)
	io.Copy(io.Discard, c)
	if f.lie != "leak" || c.number <= neighbourCount {
		c.Close()
	}
}

// linger gives the peer time to read its last answers and close, but not beyond the drain's
// deadline.
func (f *fake) linger(c *fakeConn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	until := time.Now().Add(2 * time.Second)
	if !f.deadline.IsZero() && f.deadline.Before(until) {
		until = f.deadline
	}
	c.SetReadDeadline(until)
}

// greet answers a hello, if the connection begins with one. It returns false if it refuses the
// hello or does not get all of it.
func (f *fake) greet(c *fakeConn, in *bufio.Reader) bool {
	if first, err := in.Peek(4); err != nil || binary.LittleEndian.Uint32(first) != magic {
		return true
	}
	head := make([]byte, preambleBytes)
	if _, err := io.ReadFull(in, head); err != nil {
		return false
	}
	body := make([]byte, binary.LittleEndian.Uint16(head[6:]))
	if _, err := io.ReadFull(in, body); err != nil {
		return false
	}
	s := judge(binary.LittleEndian.Uint16(head[4:]), body)
	if f.lie == "refuse nobody" {
		s = welcomed
	}
	sentence := ""
	if s != welcomed {
		sentence = "no"
	}
	answer := welcome(s, sentence)
	if f.lie == "misstate" {
		answer[preambleBytes+4+fieldsBytes-4]--
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c.Write(answer)
	if s != welcomed {
		return false
	}
	c.version2 = true
	if !f.deadline.IsZero() {
		f.limit(c)
	}
	if f.lie == "tell early" && c.number <= neighbourCount {
		f.tell(c)
	}
	return true
}

// judge returns the status of the welcome to a hello.
func judge(version uint16, body []byte) status {
	if version < 2 {
		return wrongVersion
	}
	if len(body)%4 != 0 || len(body) <= fieldsBytes || len(body) <= fieldsBytes+int(body[fieldsBytes]) {
		return malformed
	}
	field := func(i int) uint32 { return binary.LittleEndian.Uint32(body[4*i:]) }
	wrong := func(i int, own uint32) bool { return field(i) != 0 && field(i) != own }
	switch name := string(body[fieldsBytes+1:][:body[fieldsBytes]]); {
	case wrong(0, dim):
		return wrongDim
	case wrong(1, outputs):
		return wrongOutputs
	case field(3) > maxVectors:
		return tooManyVectors
	case name != "" && name != modelName:
		return wrongModel
	case wrong(2, rawScores):
		return wrongKind
	}
	return welcomed
}

// bend applies the lie to the nth answer on a connection. It returns nil to end the
// connection.
func (f *fake) bend(answer []byte, c *fakeConn, nth int) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	count := f.answered.Add(1)
	now := count%100 == 0 // so that the lie comes within a second, but not at the beginning
	switch {
	case f.lie == "swap" && now:
		return f.last
	case f.lie == "drop" && now:
		return []byte{}
	case f.lie == "repeat" && now:
		return append(answer, answer...)
	case f.lie == "fail a good row" && c.version2:
		return rawtest.Failure(1, 0)
	case f.lie == "hang" && c.number == 1 && count > 100, f.lie == "swallow" && nth > 3:
		return []byte{}
	case f.lie == "cut" && now, f.lie == "drop the last" && c.number > neighbourCount && nth == 3:
		return nil
	case f.lie == "cut within" && now:
		return answer[:len(answer)-1]
	case f.lie == "crash" && now:
		os.Exit(7)
	}
	f.last = answer
	return answer
}

// holdBack makes the kernel send a byte per second, after ten segments. The fake itself does
// not lie then: it is TCP that stalls.
func holdBack(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, 1) })
	}
	if err != nil {
		panic(err)
	}
}

// badCount is a number of vectors that is not allowed.
type badCount uint32

func (n badCount) Error() string { return fmt.Sprintf("%d vectors", uint32(n)) }

// answerOne reads a request and returns its answer.
func answerOne(in io.Reader) ([]byte, error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, err
	}
	count := binary.LittleEndian.Uint32(header)
	if count == 0 || count > maxVectors {
		return nil, badCount(count)
	}
	answer, row := header, make([]byte, 4*dim)
	for range count {
		if _, err := io.ReadFull(in, row); err != nil {
			return nil, err
		}
		sum := float32(0)
		for j := range dim {
			sum += math.Float32frombits(binary.LittleEndian.Uint32(row[4*j:]))
		}
		answer = binary.LittleEndian.AppendUint32(answer, math.Float32bits(sum))
	}
	return answer, nil
}
