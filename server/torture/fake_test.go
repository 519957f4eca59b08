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

	"golang.org/x/sys/unix"
)

// fake is a daemon that keeps every promise but one. It is the test's binary, run with --lie.
type fake struct {
	lie      string
	accepted atomic.Int64
	answered atomic.Int64
	live     sync.WaitGroup

	mu    sync.Mutex
	conns []*net.TCPConn
	last  []byte // the last answer on any connection
	waste [][]byte
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
	go f.accept(listener.(*net.TCPListener))
	fmt.Fprintf(os.Stderr, "disrust: ready on %s: a fake, memory 100 MiB and 10 KiB per connection, 110 MiB at most\n", listener.Addr())
	<-signals
	listener.Close()
	return f.drain()
}

func (f *fake) accept(listener *net.TCPListener) {
	for {
		c, err := listener.AcceptTCP()
		if err != nil {
			return
		}
		count := f.accepted.Add(1)
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
		f.live.Go(func() { f.serve(c, count) })
	}
}

// drain answers what arrives for a moment more, and returns the fake's exit status.
func (f *fake) drain() int {
	switch f.lie {
	case "stay":
		select {}
	case "drain and forget", "drain with resets":
		for _, c := range f.conns {
			c.SetReadDeadline(time.Now())
		}
	default:
		for _, c := range f.conns {
			c.SetReadDeadline(time.Now().Add(2 * time.Second)) // enough for a slow machine to read what has arrived
		}
	}
	f.live.Wait()
	if f.lie == "fail" {
		return 3
	}
	return 0
}

// serve answers the requests on a connection until EOF, a violation, the drain or the lie.
func (f *fake) serve(c *net.TCPConn, number int64) {
	if f.lie == "hold back" {
		holdBack(c)
	}
	in, held := bufio.NewReader(c), []byte{}
	for nth := 1; ; nth++ {
		answer, err := answerOne(in)
		if err != nil {
			break
		}
		if answer = f.bend(answer, number, nth); answer == nil {
			break
		}
		if f.lie == "drain and forget" && number <= neighbourCount {
			answer, held = held, answer // the next request, if one comes, releases this answer
		}
		if _, err := c.Write(answer); err != nil {
			break
		}
	}
	if f.lie == "drain with resets" {
		c.SetLinger(0)
		c.Close()
		return
	}
	c.CloseWrite()
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	io.Copy(io.Discard, c)
	if f.lie != "leak" || number <= neighbourCount {
		c.Close()
	}
}

// bend applies the lie to the nth answer on a connection. It returns nil to end the
// connection.
func (f *fake) bend(answer []byte, number int64, nth int) []byte {
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
	case f.lie == "hang" && number == 1 && count > 100, f.lie == "swallow" && nth > 3:
		return []byte{}
	case f.lie == "cut" && now, f.lie == "drop the last" && number > neighbourCount && nth == 3:
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

// answerOne reads a request and returns its answer.
func answerOne(in io.Reader) ([]byte, error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, err
	}
	count := binary.LittleEndian.Uint32(header)
	if count == 0 || count > maxVectors {
		return nil, fmt.Errorf("%d vectors", count)
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
