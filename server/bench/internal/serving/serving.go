// Package serving holds what the peers have in common: the model, the command line and the
// listener. The peers thus differ only in how they move bytes.
package serving

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/disrust/disrust/wire"
)

// Addr parses the command line, which names a port and perhaps a model, and returns that port
// on 127.0.0.1. It ends the process if it cannot load the model.
func Addr() string {
	log.SetFlags(0)
	port := flag.Int("port", 0, "port of 127.0.0.1 to listen on")
	file := flag.String("model", "", "LightGBM's file of the model to serve; none: the sum of a row")
	flag.Parse()
	if *file != "" {
		if err := serveFile(*file); err != nil {
			log.Fatal(err)
		}
	}
	return fmt.Sprintf("127.0.0.1:%d", *port)
}

// Listen listens on Addr, or ends the process. It turns off Multipath TCP, which package net
// would ask for and other servers do not use.
func Listen() net.Listener {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", Addr())
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

// Scorer scores packed rows. Only one goroutine at a time may use it. It allocates nothing once
// it has scored the largest request.
type Scorer struct{ rows, scores []float32 }

// Score returns the scores of packed rows, which are valid until the next call. It panics if
// payload is not whole rows.
func (s *Scorer) Score(payload []byte) []float32 {
	count := len(payload) / wire.Default.RowBytes()
	if len(s.scores) < count {
		s.rows, s.scores = make([]float32, count*wire.DefaultDim), make([]float32, count)
	}
	rows := s.rows[:count*wire.DefaultDim]
	wire.CopyRows(rows, payload)
	return Scores(rows, s.scores[:count])
}
