//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/server/oip"
)

// oipBytes is what a port of the Open Inference Protocol takes while it is used: the requests that it reads and
// scores at once, their answers, its connections, and its code. It is measured and rounded up.
const oipBytes = 384 << 20

// The flags in the Budget, although they are no fields of the Config.
const (
	oipHTTPField = "OIPHTTP"
	oipGRPCField = "OIPGRPC"
)

// bridge are the daemon's ports of the Open Inference Protocol, if it is to have any.
type bridge struct {
	ports   []*bridgePort
	serving atomic.Pointer[oip.Server] // nil before open
}

// bridgePort is one of them.
type bridgePort struct {
	flag, protocol string
	set            *listen.Set
	serve          func(*oip.Server, net.Listener)
	taken          bool // the set keeps the file of a Unix socket alone
}

// bindBridge takes the addresses of the ports, so that the daemon refuses one which is taken before it loads its
// model. No client can connect yet.
func (o *options) bindBridge(b *bridge) (err error) {
	for _, p := range []struct {
		addr string
		port bridgePort
	}{
		{o.oipHTTP, bridgePort{flag: "--oip-http", protocol: "HTTP", serve: (*oip.Server).ServeHTTP}},
		{o.oipGRPC, bridgePort{flag: "--oip-grpc", protocol: "gRPC", serve: (*oip.Server).ServeGRPC}},
	} {
		if p.addr == "" {
			continue
		}
		p.port.set, err = listen.Open(listen.Config{Addrs: []string{p.addr}, Threads: 1, Share: o.cfg.SharePort, UnixMode: o.cfg.UnixMode})
		if err != nil {
			b.close()
			return fmt.Errorf("%s %s: %w", p.port.flag, p.addr, err)
		}
		b.ports = append(b.ports, &p.port)
	}
	return nil
}

// open serves the model of s on the ports.
func (b *bridge) open(s *server.Server, o *options) error {
	serving := oip.New(oip.Config{Source: s, Allow: o.cfg.Allow, Log: o.cfg.Log})
	b.serving.Store(serving)
	taken := placesOf(s) // with --share-port two of them could be one, which names of hosts hide until here
	for _, p := range b.ports {
		for _, a := range p.set.Addrs() {
			taken = append(taken, listen.Name(a))
		}
		if err := listen.CheckAll(taken); err != nil {
			return fmt.Errorf("%s: %w", p.flag, err)
		}
		if err := p.set.Listen(); err != nil {
			return fmt.Errorf("%s: %w", p.flag, err)
		}
		l, err := takeListener(p.set)
		if err != nil {
			return fmt.Errorf("%s: %w", p.flag, err)
		}
		p.taken = true
		p.serve(serving, l)
	}
	return nil
}

// String says where the ports are, as the end of the ready line.
func (b *bridge) String() string {
	var all []string
	for _, p := range b.ports {
		all = append(all, p.protocol+" "+p.set.String())
	}
	if len(all) == 0 {
		return ""
	}
	return ", Open Inference Protocol over " + strings.Join(all, " and ")
}

// attrs are those of the ready line in JSON.
func (b *bridge) attrs() (all []slog.Attr) {
	for _, p := range b.ports {
		all = append(all, slog.String(strings.ReplaceAll(strings.TrimPrefix(p.flag, "--"), "-", "_"), p.set.String()))
	}
	return all
}

// drains closes the ports once s drains. Requests that are on their way have until limit is over. done is closed
// when all connections are.
func (b *bridge) drains(s *server.Server, limit time.Duration) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for state := s.State(); state < server.Draining; {
			changed := s.Changed()
			if state = s.State(); state < server.Draining {
				<-changed
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		b.serving.Load().Shutdown(ctx)
	}()
	return done
}

// close gives the addresses back.
func (b *bridge) close() error {
	if serving := b.serving.Load(); serving != nil {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		serving.Shutdown(now) // nothing is left, unless open has failed
	}
	var errs []error
	for _, p := range b.ports {
		if p.taken {
			errs = append(errs, p.set.Remove())
		} else {
			p.set.Close()
		}
	}
	return errors.Join(errs...)
}

func (b *bridge) closeAndSay(l *lineLog) {
	if err := b.close(); err != nil {
		l.say(slog.LevelWarn, err.Error())
	}
}

// Count adds what clients of the ports have asked to c. Before open there is nothing.
func (b *bridge) Count(c *metrics.Counters) {
	if serving := b.serving.Load(); serving != nil {
		serving.Count(c)
	}
}
