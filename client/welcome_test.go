package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
)

// TestHelloStatesTheConfig: the hello carries what Config expects, and zeros otherwise.
func TestHelloStatesTheConfig(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want hello
	}{
		{Config{}, hello{}},
		{
			Config{Dim: 3, Outputs: 1, MaxVectors: 70, Kind: wire.Prob, ModelName: "Bäume"},
			hello{dim: 3, outputs: 1, kind: 2, maxVectors: 70, model: "Bäume"},
		},
	} {
		hellos := make(chan hello, 1)
		client := dial(t, c.cfg, serveBare(t, 3, func(p *peer) {
			h, _ := p.readHello()
			hellos <- h
			p.writeWelcome(welcomeTo(h, 3))
			answerAll(p)
		}))
		if got := <-hellos; got != c.want {
			t.Errorf("%+v: hello %+v, want %+v", c.cfg, got, c.want)
		}
		if err := scoreOnce(t.Context(), client, 1, 200); err != nil {
			t.Error(err)
		}
	}
}

// seven is a welcome that differs from all defaults.
var seven = welcome{dim: 2, outputs: 3, kind: 3, maxVectors: 7, identity: [32]byte{1, 31: 2}, model: "seven"}

// answerThrice is the script of a server that answers each row with its sum, twice the sum
// and three times the sum.
func answerThrice(p *peer) {
	for {
		sums, ok := p.readScores()
		if !ok {
			return
		}
		var scores []float32
		for _, sum := range sums {
			scores = append(scores, sum, 2*sum, 3*sum)
		}
		p.writeCount(len(sums), scores)
	}
}

// TestLearnsFromTheWelcome: a Client without expectations uses the dim, the outputs and the
// largest request that the server states, and says all that it states.
func TestLearnsFromTheWelcome(t *testing.T) {
	var sizes []int
	addr := serveBare(t, 2, func(p *peer) {
		p.readHello()
		p.writeWelcome(seven)
		for {
			sums, ok := p.readScores()
			if !ok {
				return
			}
			sizes = append(sizes, len(sums))
			p.writeCount(len(sums), slices.Repeat([]float32{sums[0]}, 3*len(sums)))
		}
	})
	c := dial(t, Config{}, addr)
	want := Server{Addr: addr, Dim: 2, Outputs: 3, MaxVectors: 7, Kind: wire.Class, Identity: wire.Identity{1, 31: 2}, ModelName: "seven"}
	if got := c.Servers(); !slices.Equal(got, []Server{want}) {
		t.Errorf("servers %+v, want %+v", got, want)
	}
	if err := c.Score(t.Context(), make([]float32, 60), make([]float32, 40)); err != nil {
		t.Error(err)
	}
	for _, wrong := range []struct{ scores, floats int }{{3, 1}, {4, 2}, {1, 2}, {3, 4}} {
		err := c.Score(t.Context(), make([]float32, wrong.scores), make([]float32, wrong.floats))
		dimErr, ok := errors.AsType[*DimError](err)
		if !ok || *dimErr != (DimError{Bytes: 4 * wrong.floats, Scores: wrong.scores, Dim: 2, Outputs: 3}) {
			t.Errorf("%d scores, %d floats: got %v", wrong.scores, wrong.floats, err)
		}
	}
	c.Close()
	if !slices.Equal(sizes, []int{7, 7, 6}) {
		t.Errorf("sent as %v", sizes)
	}
}

// TestOutputsInOrder: a call with several scores per row, in several requests over several
// connections, gets each score in its place.
func TestOutputsInOrder(t *testing.T) {
	addr := serveBare(t, 2, func(p *peer) {
		p.readHello()
		p.writeWelcome(seven)
		answerThrice(p)
	})
	c := dial(t, Config{Conns: 3, Outputs: 3}, addr)
	rows, sums := rowsFrom(1, 100, 2)
	var want []float32
	for _, sum := range sums {
		want = append(want, sum, 2*sum, 3*sum)
	}
	got := make([]float32, 300)
	if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestSmallerServer: two servers allow requests of different sizes. Each gets no larger ones
// than it allows, also when requests move from one to the other.
func TestSmallerServer(t *testing.T) {
	lose := make(chan struct{})
	larger := serveBare(t, 3, func(p *peer) {
		p.readHello()
		p.writeWelcome(welcome{dim: 3, outputs: 1, maxVectors: 100})
		p.readScores()
		<-lose
	})
	var sizes []int
	smaller := serveBare(t, 3, func(p *peer) {
		p.readHello()
		p.writeWelcome(welcome{dim: 3, outputs: 1, maxVectors: 30})
		for scores, ok := p.readScores(); ok; scores, ok = p.readScores() {
			sizes = append(sizes, len(scores))
			p.writeScores(scores)
		}
	})
	var attempts atomic.Int32
	c := dial(t, Config{dial: func(ctx context.Context, addr string) (net.Conn, error) {
		if attempts.Add(1) > 1 {
			addr = smaller
		}
		return dialAddr(ctx, addr)
	}}, larger)
	rows, want := rowsFrom(1, 100, 3)
	call := &Call{Dst: make([]float32, 100), Rows: rows}
	c.Start(call)
	await(t, "written", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	close(lose)
	if err := call.Wait(t.Context()); err != nil || !slices.Equal(call.Dst, want) {
		t.Errorf("got %v, %v", call.Dst, err)
	}
	c.Close()
	if !slices.Equal(sizes, []int{30, 30, 30, 10}) {
		t.Errorf("sent as %v", sizes)
	}
}

// TestLongerWelcome: a later version adds to the welcome. What it adds is skipped.
func TestLongerWelcome(t *testing.T) {
	c := dial(t, Config{}, serveBare(t, 3, func(p *peer) {
		h, _ := p.readHello()
		w := welcomeTo(h, 3)
		w.added = make([]byte, 40_000)
		p.writeWelcome(w)
		answerAll(p)
	}))
	if err := scoreOnce(t.Context(), c, 1, 10); err != nil {
		t.Error(err)
	}
}

// TestRefusals: the error of Dial names both sides and quotes the server.
func TestRefusals(t *testing.T) {
	cfg := Config{Dim: 128, Outputs: 2, MaxVectors: 64, Kind: wire.Prob, ModelName: "other"}
	for status, says := range map[wire.Verdict]string{
		wire.WrongVersion:   "does not speak version 2",
		wire.WrongDim:       "serves dim 2 and not 128",
		wire.WrongOutputs:   "gives 3 scores per vector and not 2",
		wire.TooManyVectors: "allows 7 vectors per request and not 64",
		wire.WrongModel:     `serves the model "seven" and not "other"`,
		wire.NotNow:         "cannot serve now",
		wire.WrongKind:      "gives scores of the kind class and not prob",
		wire.Malformed:      "does not understand the hello",
		77:                  "refuses with status 77",
	} {
		for _, sentence := range []string{"", "it's\nso"} {
			addr := serveBare(t, 3, func(p *peer) {
				p.readHello()
				w := seven
				w.status, w.sentence = uint16(status), sentence
				p.writeWelcome(w)
				p.Conn.(*net.TCPConn).CloseWrite()
				swallow(p)
			})
			cfg.Addrs = []string{addr}
			_, err := Dial(t.Context(), cfg)
			want := "client: no server can be reached: " + addr + " " + says
			if sentence != "" {
				want += ` (it says "it's\nso")`
			}
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %v", err, want)
			}
			refused, ok := errors.AsType[*Refused](err)
			if !ok || refused.Verdict != status || refused.Addr != addr || refused.Asked != cfg.hello() ||
				refused.Server.Sentence != sentence || refused.Server.Format.Dim != 2 || refused.Temporary() != (status == wire.NotNow) {
				t.Errorf("status %d: got %+v", status, refused)
			}
		}
	}
}

// TestWelcomeIsChecked: a server welcomes the Client, but serves something else than Config
// states.
func TestWelcomeIsChecked(t *testing.T) {
	for says, cfg := range map[string]Config{
		"serves dim 2 and not 128":                    {Dim: 128},
		"gives 3 scores per vector and not 1":         {Outputs: 1},
		"allows 7 vectors per request and not 8":      {MaxVectors: 8},
		`serves the model "seven" and not "six"`:      {ModelName: "six"},
		"gives scores of the kind class and not prob": {Kind: wire.Prob},
	} {
		cfg.Addrs = []string{serveBare(t, 3, func(p *peer) {
			p.readHello()
			p.writeWelcome(seven)
			swallow(p)
		})}
		_, err := Dial(t.Context(), cfg)
		if _, ok := errors.AsType[*Refused](err); !ok || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %s", err, says)
		}
	}
}

// TestServersOfDifferentShape: a server whose model has another shape than that of the first
// server is refused, and calls go on over the first.
func TestServersOfDifferentShape(t *testing.T) {
	other := func(change func(*welcome)) welcome {
		w := seven
		change(&w)
		return w
	}
	for says, w := range map[string]welcome{
		"serves dim 3 and not 2":                        other(func(w *welcome) { w.dim = 3 }),
		"gives 1 scores per vector and not 3":           other(func(w *welcome) { w.outputs = 1 }),
		"gives scores of the kind raw and not class":    other(func(w *welcome) { w.kind = 1 }),
		"gives scores of the kind unstated and not cla": other(func(w *welcome) { w.kind = 0 }),
	} {
		first := make(chan struct{})
		a := serveBare(t, 2, func(p *peer) {
			p.readHello()
			p.writeWelcome(seven)
			answerThrice(p)
		})
		b := serveBare(t, 2, func(p *peer) {
			p.readHello()
			<-first
			p.writeWelcome(w)
			answerThrice(p)
		})
		c, err := Dial(t.Context(), Config{Addrs: []string{a, b}})
		if err != nil {
			t.Fatal(err)
		}
		close(first)
		var failed error
		await(t, "an attempt at the second", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			failed = c.slots[1].failed
			return failed != nil
		})
		if refused, ok := errors.AsType[*Refused](failed); !ok || refused.Addr != b || !strings.Contains(failed.Error(), says) {
			t.Errorf("got %v, want %s", failed, says)
		}
		if err := c.Score(t.Context(), make([]float32, 30), make([]float32, 20)); err != nil {
			t.Error(err)
		}
		if servers := c.Servers(); len(servers) != 1 || servers[0].Addr != a {
			t.Errorf("servers %+v", servers)
		}
		c.Close()
	}
}

// TestOtherModelsOfTheSameShape: servers may have models of different names and identities.
func TestOtherModelsOfTheSameShape(t *testing.T) {
	var addrs []string
	for k := range 2 {
		addrs = append(addrs, serveBare(t, 3, func(p *peer) {
			p.readHello()
			p.writeWelcome(welcome{dim: 3, outputs: 1, maxVectors: 10 + uint32(k), model: string(rune('a' + k)), identity: [32]byte{byte(k)}})
			answerAll(p)
		}))
	}
	c := dial(t, Config{}, addrs...)
	if got := c.Servers(); len(got) != 2 || got[0].ModelName != "a" || got[1].ModelName != "b" || got[1].Identity[0] != 1 || got[1].MaxVectors != 11 {
		t.Errorf("servers %+v", got)
	}
}

const noWelcome = "closed before its welcome: a version 1 server, a full one, or an address not allowed"

// TestEndsBeforeTheWelcome: the error says what an end before the welcome may mean.
func TestEndsBeforeTheWelcome(t *testing.T) {
	for how, script := range map[string]func(*peer){
		"version 1": func(p *peer) {
			p.readCount()
		},
		"at once": func(*peer) {},
		"reset": func(p *peer) {
			p.readCount()
			p.reset()
		},
		"in the preamble": func(p *peer) {
			p.readHello()
			p.Write([]byte("DIS2\x02"))
		},
		"in the body": func(p *peer) {
			p.readHello()
			p.Write([]byte("DIS2\x02\x00\x40\x00body"))
		},
	} {
		t.Run(how, func(t *testing.T) {
			addr := serveBare(t, 3, script)
			_, err := Dial(t.Context(), Config{Addrs: []string{addr}})
			ends, ok := errors.AsType[*NoWelcome](err)
			if !ok || ends.Addr != addr || err.Error() != "client: no server can be reached: "+addr+" "+noWelcome {
				t.Errorf("got %v", err)
			}
			if how == "version 1" && !errors.Is(err, io.EOF) && !errors.As(err, new(*net.OpError)) {
				t.Errorf("%v does not wrap the reason", err)
			}
		})
	}
}

// TestNoWelcome: the server is silent, or other software, or its welcome cannot be read.
func TestNoWelcome(t *testing.T) {
	for _, c := range []struct {
		name   string
		script func(*peer)
		says   string
	}{
		{"silent", swallow, "i/o timeout"},
		{"silent in the body", func(p *peer) {
			p.Write([]byte("DIS2\x02\x00\x40\x00body"))
			swallow(p)
		}, "i/o timeout"},
		{"other software", func(p *peer) {
			p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			swallow(p)
		}, "begins with 48 54 54 50"},
		{"other software that says little", func(p *peer) {
			p.readHello()
			p.Write([]byte("-E\n"))
		}, "begins with 2d 45 0a"},
		{"short body", func(p *peer) {
			p.readHello()
			p.Write([]byte("DIS2\x02\x00\x04\x00body"))
		}, "does not hold its fields"},
		{"impossible dim", func(p *peer) {
			p.readHello()
			p.writeWelcome(welcome{dim: 0, outputs: 1, maxVectors: 1})
		}, "dim 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Addrs: []string{serveBare(t, 3, c.script)}, DialTimeout: 200 * time.Millisecond}
			_, err := Dial(t.Context(), cfg)
			if _, ok := errors.AsType[*NoWelcome](err); !ok || !strings.Contains(err.Error(), "gave no welcome: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s", err, c.says)
			}
			if strings.HasPrefix(c.name, "silent") != errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDialEndsWhileItWaitsForTheWelcome: Dial returns when its context ends, although the
// server is silent.
func TestDialEndsWhileItWaitsForTheWelcome(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	addr := serveBare(t, 3, func(p *peer) {
		p.readHello()
		cancel()
		swallow(p)
	})
	if _, err := Dial(ctx, Config{Addrs: []string{addr}, DialTimeout: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestRefusingAddressOfAName: of the servers of one name, one refuses and one ends before
// its welcome. The connections go to the third at once.
func TestRefusingAddressOfAName(t *testing.T) {
	r := serveReplicas(t, answerAll, three[0])
	for ip, script := range map[string]func(*peer){
		three[1]: func(p *peer) {
			p.readHello()
			p.writeWelcome(welcome{status: uint16(wire.NotNow)})
		},
		three[2]: func(p *peer) {},
	} {
		serveOn(t, "tcp", net.JoinHostPort(ip, r.port), 3, script)
	}
	n := names{ips: three}
	c := dial(t, Config{Conns: 3, lookUp: n.lookUp}, "scorer:"+r.port)
	for k, s := range c.slots {
		if s.link.Load() == nil {
			t.Errorf("connection %d: %v", k, s.failed)
		}
	}
}
