package conformance_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"testing"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/wire"
)

// poison is the first feature of a row for which the model of referenceServer fails.
var poison = float32(math.Inf(1))

// referenceServer is a server of few lines.
type referenceServer struct {
	serverMistakes
	welcome  wire.Welcome
	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex
	conns  []net.Conn
	failed *served    // with failsOthers: the connection whose request failed last
	turn   sync.Mutex // held by a connection if servesOneAtATime
}

func serveReference(t *testing.T, mistakes serverMistakes) *referenceServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &referenceServer{serverMistakes: mistakes, listener: listener, welcome: wire.Welcome{
		Format: wire.Format{Dim: 5, Outputs: 3, MaxVectors: 16}, Kind: wire.Prob, Model: "reference", Identity: wire.Identity{1, 2, 3},
	}}
	s.work.Go(s.accept)
	t.Cleanup(func() {
		listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			conn.Close()
		}
		s.mu.Unlock()
		s.work.Wait()
	})
	return s
}

func (s *referenceServer) subject() conformance.Subject {
	bad := make([]float32, s.welcome.Format.Dim)
	bad[0] = poison
	return conformance.Subject{
		Addr: s.listener.Addr().String(), Welcome: s.welcome, Poison: bad, PoisonCode: wire.ModelError,
	}
}

func (s *referenceServer) accept() {
	for n := byte(0); ; n++ {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		c := &served{server: s, TCPConn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, 1<<17), welcome: s.welcome, number: n}
		s.work.Go(c.serve)
	}
}

// served is the server's end of one connection.
type served struct {
	*net.TCPConn
	server  *referenceServer
	in      *bufio.Reader
	welcome wire.Welcome
	number  byte
	version int
	failing int
	held    []byte // an answer that swapsAnswers holds back
}

// errEnd ends a connection: FIN, and what comes is dropped.
var errEnd = errors.New("end")

func (c *served) serve() {
	defer c.Close()
	if c.server.servesOneAtATime {
		c.server.turn.Lock()
		defer c.server.turn.Unlock()
	}
	err := c.begin()
	for err == nil {
		err = c.answer()
	}
	if errors.Is(err, errEnd) {
		c.CloseWrite()
		io.Copy(io.Discard, c.in)
	}
}

// begin finds out the version, and greets.
func (c *served) begin() error {
	head, err := c.in.Peek(4)
	if err != nil {
		return err
	}
	if c.version = 1; !wire.IsHello(head) {
		return nil
	}
	c.version = 2
	return c.greet()
}

func (c *served) greet() error {
	m := c.server.serverMistakes
	hello := make([]byte, wire.PreambleBytes)
	if _, err := io.ReadFull(c.in, hello); err != nil {
		return c.halfHello()
	}
	p, _, _ := wire.ParsePreamble(hello)
	body := make([]byte, p.Size)
	if m.readsHelloAtOnce {
		c.in.Read(body)
	} else if _, err := io.ReadFull(c.in, body); err != nil {
		return c.halfHello()
	}
	own := c.welcome
	if m.identityChanges {
		own.Identity[9] = c.number
		c.welcome = own
	}
	w := c.judge(own, p, body)
	if w.Verdict != wire.Welcomed && m.noSentence {
		w.Sentence = ""
	}
	c.Write(wire.AppendWelcome(nil, w))
	switch {
	case w.Verdict == wire.Welcomed || m.answersRefused:
		return nil
	case m.resetsRefused:
		c.SetLinger(0)
		return io.EOF
	case m.staysOpen:
		io.Copy(io.Discard, c.in)
	}
	return errEnd
}

// judge is wire's Judge with the server's mistakes.
func (c *served) judge(own wire.Welcome, p wire.Preamble, body []byte) wire.Welcome {
	m := c.server.serverMistakes
	refuse := func(v wire.Verdict) wire.Welcome {
		own.Verdict, own.Sentence = v, "no"
		return own
	}
	h, err := wire.ParseHello(body, p.Size)
	switch {
	case m.welcomesVersion1 && p.Version == 1:
		return own
	case m.refusesVersion3 && p.Version > 2:
		return refuse(wire.WrongVersion)
	case m.rejectsLonger && p.Version >= 2 && err == nil && p.Size > len(wire.AppendHello(nil, h))-wire.PreambleBytes:
		return refuse(wire.Malformed)
	case m.fieldsBeforeBody && p.Version >= 2 && len(body) >= 4 && binary.LittleEndian.Uint32(body) != uint32(own.Format.Dim):
		return refuse(wire.WrongDim)
	case m.refusesHighest && p.Version >= 2 && err == nil && h.Kind != 0 && h.Kind != own.Kind:
		return refuse(wire.WrongKind)
	case m.refusesItsLimit && err == nil && int(h.MaxVectors) == own.Format.MaxVectors:
		return refuse(wire.TooManyVectors)
	case m.foldsNames && p.Version >= 2 && h.Model == "REFERENCE":
		return own
	}
	if w := own.Judge(p, body); w.Verdict != wire.Welcomed {
		return w
	}
	if m.enforcesStated && h.MaxVectors > 0 {
		c.welcome.Format.MaxVectors = int(h.MaxVectors)
	}
	return own
}

func (c *served) halfHello() error {
	if c.server.welcomesHalf {
		c.Write(wire.AppendWelcome(nil, c.welcome))
	}
	return errEnd
}

// answer reads one request and answers it.
func (c *served) answer() error {
	m, format := c.server.serverMistakes, c.welcome.Format
	if m.talksBeforeAnswer && c.version == 1 {
		c.Write(wire.AppendGoingAway(nil))
	}
	header := make([]byte, wire.HeaderBytes)
	if _, err := io.ReadFull(c.in, header); err != nil {
		c.flush()
		return errEnd
	}
	n := binary.LittleEndian.Uint32(header)
	if m.ignoresHello2 && n == wire.Magic && c.version == 2 {
		c.in.Discard(len(wire.AppendHello(nil, wire.Hello{})) - wire.HeaderBytes)
		c.Write(wire.AppendWelcome(nil, c.welcome))
		return nil
	}
	if n < 1 || n > uint32(format.MaxVectors) || m.limitIsOne && n > 1 {
		return c.deny(n)
	}
	payload := make([]byte, int(n)*format.RowBytes())
	if _, err := io.ReadFull(c.in, payload); err != nil {
		if !m.answersHalf {
			c.flush()
			return errEnd
		}
	}
	rows := make([]float32, int(n)*format.Dim)
	wire.CopyRows(rows, payload)
	return c.score(rows, int(n))
}

func (c *served) score(rows []float32, n int) error {
	m, format := c.server.serverMistakes, c.welcome.Format
	scores, bad := make([]float32, n*format.Outputs), -1
	for k := range n {
		row := rows[k*format.Dim : (k+1)*format.Dim]
		conformance.Scores(scores[k*format.Outputs:(k+1)*format.Outputs], row)
		if row[0] == poison && bad < 0 {
			bad = k
		}
	}
	if m.failsNeighbours && c.failing > 0 {
		c.failing, bad = 0, max(bad, 0)
	} else if bad >= 0 {
		c.failing = 1
	}
	if m.failsOthers {
		bad = c.failOther(bad)
	}
	switch {
	case bad >= 0 && c.version == 1 && !m.failsInVersion1:
		return errEnd
	case bad >= 0 && m.detailIsZero:
		bad = 0
	}
	if bad >= 0 {
		c.reply(wire.AppendFailure(nil, wire.ModelError, uint32(bad)))
	} else {
		c.reply(wire.AppendResponse(nil, n, scores))
	}
	return nil
}

// failOther returns bad, or 0 if a request of another connection has failed before.
func (c *served) failOther(bad int) int {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	switch failed := c.server.failed; {
	case bad >= 0:
		c.server.failed = c
	case failed != nil && failed != c:
		c.server.failed, bad = nil, 0
	}
	return bad
}

// reply sends an answer, or holds it back.
func (c *served) reply(b []byte) {
	m := c.server.serverMistakes
	switch {
	case (m.swapsAnswers || m.dropsAtFIN || m.code3First) && c.held == nil:
		c.held = b
	case m.swapsAnswers:
		c.Write(b)
		c.flush()
	default:
		held := c.held
		c.held = nil
		c.Write(append(held, b...))
	}
}

func (c *served) flush() {
	if !c.server.dropsAtFIN {
		c.Write(c.held)
	}
	c.held = nil
}

// deny ends the connection because of a count that is not allowed.
func (c *served) deny(n uint32) error {
	m := c.server.serverMistakes
	if !m.code3First {
		c.flush()
	}
	if (c.version == 2 || m.version2To1) && !m.endsSilently {
		c.Write(wire.AppendFailure(nil, wire.CountDenied, n))
	}
	c.flush()
	if m.resetsViolation {
		return io.EOF
	}
	return errEnd
}
