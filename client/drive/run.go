package drive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// ErrGoingAway is the error of a run whose server said that it is going away. All requests
// that were sent by then were answered. The error of Run wraps it.
var ErrGoingAway = errors.New("the server is going away")

// driver does a crew's I/O. It closes the crew's connections at the end.
type driver struct {
	work     func(*crew) error
	threads  int  // the most crews
	measured bool // its crews cannot tell when they wait, so Busy is measured by CPU time
}

// run is a run in progress.
type run struct {
	Config
	driver
	control
	clock
	crews    []*crew
	began    mark          // when the crews started
	finished chan struct{} // closed when all crews are done
	err      error         // the first error; valid once finished is closed
}

// Run loads a server as c says and returns what it measured. It stops sending when the
// quota is met, the duration is over or ctx has ended, and returns when all requests
// sent are answered. As soon as an answer is wrong, missing or too late, it returns an
// error, together with what it measured until then.
//
// An error is one sentence with the counts of the whole run: how many requests were
// answered rightly, how many wrongly, and how many not at all. Once the connections
// stand, the end of ctx is no error.
//
// Cost: on Linux one thread for every two CPUs. The threads stop allocating once the
// largest number of requests has been in flight.
func Run(ctx context.Context, c Config) (sample.Total, error) {
	return c.run(ctx, preferred)
}

func (c Config) run(ctx context.Context, d driver) (sample.Total, error) {
	idle := sample.Total{Valid: true} // the generator was not the bottleneck
	if err := c.prepare(); err != nil {
		return idle, err
	}
	conns, err := c.dial(ctx)
	if err != nil {
		return idle, err
	}
	r := &run{Config: c, driver: d, finished: make(chan struct{})}
	r.enlist(conns)
	defer context.AfterFunc(ctx, func() { r.stopping.Store(true) })()
	if r.OnStart != nil {
		r.OnStart()
	}
	r.start()
	total := r.collect()
	r.count(&total)
	if r.err == nil && r.leaving.Load() {
		r.err = ErrGoingAway
	}
	return total, r.explain(total)
}

// dial opens all connections. The run begins only when they stand.
func (c *Config) dial(ctx context.Context) ([]net.Conn, error) {
	conns := make([]net.Conn, 0, c.Conns)
	for range c.Conns {
		conn, err := c.connect(ctx)
		if err != nil {
			for _, conn := range conns {
				conn.Close()
			}
			return nil, err
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

// connect makes a connection that is ready for requests.
func (c *Config) connect(ctx context.Context) (net.Conn, error) {
	conn, err := c.reach(ctx)
	if err != nil || !c.Hello {
		return conn, err
	}
	if _, err := c.greet(ctx, conn, c.hello()); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// enlist distributes the connections over the crews, round robin.
func (r *run) enlist(conns []net.Conn) {
	n := min(r.threads, r.Conns)
	for t := range n {
		c := &crew{control: &r.control, first: t, stride: n, total: r.Conns,
			end: r.end(), stall: int64(r.Stall), room: int64(max(1, maxDue/n)),
			reconnect: r.Reconnect, connect: r.connect}
		c.meter.figures = newFigures(r.Rate > 0)
		if r.Rate > 0 {
			c.schedule = newSchedule(r.Rate, r.Arrivals, r.Seed, r.Quota)
		}
		r.crews = append(r.crews, c)
	}
	before := int64(0)
	for i, conn := range conns {
		r.crews[i%n].join(conn, r.lane(i, before, &r.crews[i%n].meter))
		if r.Quota != unlimited {
			before += r.share(i)
		}
	}
}

func (r *run) lane(i int, before int64, m *meter) lane {
	l := newLane(r.Requests, m, r.first(i, before), r.window(), r.Rate > 0)
	l.replies, l.lenient = r.Hello, r.Reconnect
	if r.Rate == 0 {
		l.credit, l.final = r.share(i), true
	}
	return l
}

// join adds a connection and its lane to the crew.
func (c *crew) join(conn net.Conn, l lane) {
	c.conns = append(c.conns, conn)
	c.lanes = append(c.lanes, l)
	c.unfinished++
	i := len(c.lanes) - 1
	c.touch(i)
	c.settle(i)
}

// start starts the crews. The first error also ends the other crews.
func (r *run) start() {
	r.clock = clock{time.Now()}
	r.began = r.mark()
	var working sync.WaitGroup
	var first sync.Once
	for _, c := range r.crews {
		c.clock = r.clock
		working.Go(func() {
			if err := r.work(c); err != nil {
				first.Do(func() { r.err = err })
				r.aborted.Store(true)
			}
			c.meter.ended.Store(r.now())
		})
	}
	go func() {
		working.Wait()
		close(r.finished)
	}()
}

// count adds the counts of all lanes to total.
func (r *run) count(total *sample.Total) {
	for _, c := range r.crews {
		for i := range c.lanes {
			l := &c.lanes[i]
			total.Sent += l.sent + l.lost
			total.Answered += l.answered
			if l.wrong {
				total.Wrong++
			}
		}
		if total.FirstError == "" && c.firstError != nil {
			total.FirstError = c.firstError.Error()
		}
	}
}

// explain adds the counts of the run to its error, if there is one.
func (r *run) explain(total sample.Total) error {
	if r.err == nil {
		return nil
	}
	return fmt.Errorf("%w; of %s in all %d answered rightly, %d wrongly, %d not", r.err,
		counted(total.Sent, "request"), total.Answered, total.Wrong, max(0, total.Sent-total.Answered-total.Wrong))
}
