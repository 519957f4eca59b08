package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// DefaultPatience is how long a server waits for each thing that the client must do.
const DefaultPatience = 20 * time.Second

// mostCommandBytes is the size of the longest line on a control connection.
const mostCommandBytes = 1000

// Server is the scripted server. It runs any number of scenarios at the same time, one for
// each control connection. README.md is the reference of the control protocol.
type Server struct {
	listener net.Listener
	patience time.Duration
	work     sync.WaitGroup
	ending   chan struct{} // closed by Close

	mu       sync.Mutex
	controls map[net.Conn]bool
}

// Listen starts a server on a free port of the loopback interface. patience bounds each wait
// for a client.
func Listen(patience time.Duration) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	s := &Server{listener: listener, patience: patience, ending: make(chan struct{}), controls: make(map[net.Conn]bool)}
	s.work.Go(s.accept)
	return s, nil
}

// Addr returns where the server takes control connections.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all scenarios. When it returns, no goroutine and no socket of the server is
// left. It must be called once.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	close(s.ending)
	for conn := range s.controls {
		conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.admit(conn)
	}
}

// admit begins to obey the commands of conn, unless the server is closed.
func (s *Server) admit(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ending:
		conn.Close()
	default:
		s.controls[conn] = true
		s.work.Go(func() { s.control(conn) })
	}
}

// control obeys the commands of one connection, one a line, until it ends.
func (s *Server) control(conn net.Conn) {
	c := &control{patience: s.patience, ending: s.ending}
	defer func() {
		c.abandon()
		conn.Close()
		s.mu.Lock()
		delete(s.controls, conn)
		s.mu.Unlock()
	}()
	in := bufio.NewReaderSize(conn, mostCommandBytes)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
			if errors.Is(err, bufio.ErrBufferFull) {
				writeLine(conn, refusal{fmt.Sprintf("a line has at most %d bytes", mostCommandBytes)})
			}
			return
		}
		if writeLine(conn, c.obey(string(line))) != nil {
			return
		}
	}
}

// writeLine writes v as a line of JSON.
func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// refusal answers a command that cannot be obeyed.
type refusal struct {
	Error string `json:"error"`
}

// control is the state of one control connection.
type control struct {
	patience time.Duration
	ending   chan struct{} // closed when the server ends: no command waits longer
	run      *run          // nil before the first script and after result
}

func (c *control) obey(line string) any {
	words := strings.Fields(line)
	switch {
	case len(words) == 1 && words[0] == "list":
		return list()
	case len(words) == 2 && words[0] == "script":
		return c.script(words[1])
	case len(words) == 1 && words[0] == "result":
		return c.result()
	}
	return refusal{fmt.Sprintf("there is no command %.100q: list, script NAME and result are allowed", strings.TrimSpace(line))}
}

// Entry is one scenario in the answer to the command list.
type Entry struct {
	Scenario    string     `json:"scenario"`
	Version     int        `json:"version"`
	Says        string     `json:"says"`
	Connections [][]string `json:"connections"` // what the server does on the first connections
}

func list() (all []Entry) {
	for _, s := range Scenarios() {
		e := Entry{Scenario: s.Name, Version: s.Version, Says: s.Says, Connections: [][]string{}}
		for _, steps := range s.Connections {
			texts := []string{}
			for _, step := range steps {
				texts = append(texts, step.Text)
			}
			e.Connections = append(e.Connections, texts)
		}
		all = append(all, e)
	}
	return all
}

func (c *control) script(name string) any {
	s, ok := find(name)
	if !ok {
		return refusal{fmt.Sprintf("there is no scenario %.100q: the command list prints all", name)}
	}
	c.abandon()
	r, err := start(&s, c.patience)
	if err != nil {
		return refusal{err.Error()}
	}
	c.run = r
	return s.task(r.addr())
}

func (c *control) result() any {
	if c.run == nil {
		return refusal{"no scenario runs: the command script NAME starts one"}
	}
	r := c.run
	c.run = nil
	return r.result(c.ending)
}

// abandon ends the scenario that runs, if any.
func (c *control) abandon() {
	if c.run != nil {
		c.run.stop()
		c.run = nil
	}
}
