package conformance

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// mostConnections is how many connections a client may make in one scenario. More show that
// the client reconnects without backing off.
const mostConnections = 32

// run is one scenario that a client goes through. It has a port of its own, so that a
// connection of an earlier client cannot disturb it.
type run struct {
	scenario *Scenario
	patience time.Duration
	listener *net.TCPListener
	ledger   *ledger
	work     sync.WaitGroup

	mu   sync.Mutex
	made int            // connections, also those that were too many
	open map[*peer]bool // the connections that have not ended
	over bool           // no connection is taken, and the deadlines have passed
}

// start begins to listen. patience bounds each wait for the client.
func start(s *Scenario, patience time.Duration) (*run, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	r := &run{scenario: s, patience: patience, listener: listener, ledger: newLedger(s), open: make(map[*peer]bool)}
	r.work.Go(r.accept)
	return r, nil
}

func (r *run) addr() string { return r.listener.Addr().String() }

func (r *run) deadline() time.Time { return time.Now().Add(r.patience) }

func (r *run) accept() {
	for {
		conn, err := r.listener.AcceptTCP()
		if err != nil {
			return
		}
		if p := r.admit(conn); p != nil {
			r.work.Go(func() {
				p.play(r.script(p.number))
				r.ended(p)
			})
		}
	}
}

// admit returns the peer of a new connection, or closes it and returns nil.
func (r *run) admit(conn *net.TCPConn) *peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	switch {
	case r.over:
		conn.Close()
		return nil
	case r.made > mostConnections:
		conn.Close()
		if r.made == mostConnections+1 {
			r.ledger.fault(r.made, "the client reconnects without backing off: at most %d connections are allowed", mostConnections)
		}
		return nil
	}
	p := newPeer(r, conn, r.made)
	r.open[p] = true
	return p
}

func (r *run) ended(p *peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, p)
}

// script returns the server's steps on a connection.
func (r *run) script(number int) []Step {
	if number <= len(r.scenario.Connections) {
		return r.scenario.Connections[number-1]
	}
	if s := r.scenario; s.Always {
		return s.Connections[len(s.Connections)-1]
	}
	return r.scenario.greet()
}

func (r *run) isOver() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.over
}

// result waits until the client has closed all connections, or until ending is closed, and
// says what was wrong.
func (r *run) result(ending chan struct{}) Result {
	r.listener.Close()
	ended := make(chan struct{})
	go func() {
		r.work.Wait()
		close(ended)
	}()
	timer := time.NewTimer(r.patience)
	defer timer.Stop()
	select {
	case <-ended:
		r.ledger.close()
	case <-timer.C:
		r.blameOpen()
	case <-ending:
		r.ledger.fault(0, "the server was closed")
	}
	r.stop()
	<-ended
	return r.report()
}

// blameOpen notes a fault for each connection that the client has not closed.
func (r *run) blameOpen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.open {
		r.ledger.fault(p.number, "waited until the client closes it, because the client has no more calls to make")
	}
}

// report returns what was seen. All connections have ended.
func (r *run) report() Result {
	faults := append([]string{}, r.ledger.faults...)
	if r.made == 0 {
		faults = append(faults, "the client made no connection")
	}
	return Result{
		Scenario: r.scenario.Name, OK: len(faults) == 0, Faults: faults,
		Connections: r.made, Saw: append([]string{}, r.ledger.saw...),
	}
}

// stop closes everything, and returns when all goroutines have ended.
func (r *run) stop() {
	r.listener.Close()
	r.mu.Lock()
	r.over = true
	for p := range r.open {
		p.Close()
	}
	r.mu.Unlock()
	r.work.Wait()
}
