//go:build chromium && linux

package admin

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/wire"
)

// load has clients ask a server, less and less often, until the function that it returns is called.
func load(t *testing.T, addr net.Addr) (end func()) {
	const vectors = 3
	rows := make([]float32, vectors*wire.DefaultDim)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		c, err := net.Dial(addr.Network(), addr.String())
		check(t, err)
		clients.Go(func() {
			defer c.Close()
			request, answer := wire.AppendRequest(nil, vectors, rows), make([]byte, 4+4*vectors)
			for pause := 500 * time.Microsecond; ; pause += 2 * time.Microsecond {
				select {
				case <-stop:
					return
				case <-time.After(pause):
				}
				if _, err := c.Write(request); err != nil {
					t.Error(err)
					return
				}
				if _, err := io.ReadFull(c, answer); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return sync.OnceFunc(func() {
		close(stop)
		clients.Wait()
	})
}

// TestPageLives: the page follows a server under load from before its start until it drains. While it is hidden it asks
// nothing. It says when the port does not answer, and goes on with the next port there.
func TestPageLives(t *testing.T) {
	life := &Life{Source: "built in"}
	port, addr := serve(t, life, Options{})
	b := newTab(t)
	b.show(1280, "dark")
	b.open("http://" + addr + "/")
	b.await(`document.querySelector("#state").textContent == "starting"`)

	cfg := server.DefaultConfig()
	cfg.Port, cfg.PoolBytes, cfg.IOThreads, cfg.ModelName = 0, 1<<20, 1, hostile
	s, err := server.Start(t.Context(), cfg)
	check(t, err)
	defer s.Shutdown(context.Background())
	life.Serves(s)
	end := load(t, s.Addr())
	defer end()
	b.await(`document.querySelector("#state").textContent == "ready"`)
	if got := b.text("#name"); got[0] != hostile {
		t.Errorf("the name is %q", got)
	}
	b.await(`["p50", "p99", "p999"].every(id => /^[1-9]/.test(document.getElementById(id).textContent))`)
	for _, id := range []string{"requests", "vectors", "received", "sent"} {
		b.await(fmt.Sprintf(`/^[1-9]/.test(document.getElementById(%q).textContent)`, id))
		b.await(fmt.Sprintf(`document.getElementById(%q).textContent != %q`, id, b.text("#" + id)[0])) // it moves
	}
	if got := b.text("#connections"); !strings.HasPrefix(got[0], "4") {
		t.Errorf("%q connections, want 4", got)
	}
	if got := b.text("#threads th[scope=row]"); len(got) == 0 || got[0] != "io-0" {
		t.Errorf("the threads are %q", got)
	}
	b.await(`document.querySelector("#curves .line").getAttribute("d").includes("L")`)

	if got := strings.Join(b.text("#curves figure:first-child [text-anchor]"), " "); !strings.HasSuffix(got, " 6 min 4 min 2 min now") {
		t.Errorf("the axes of a young history say %q", got)
	}

	eval[bool](b, `new Promise(done => {
		const real = fetch;
		asking = mostAsking = 0;
		fetch = async (...what) => {
			mostAsking = Math.max(mostAsking, ++asking);
			try {
				return await real(...what);
			} finally {
				asking--;
			}
		};
		done(true);
	})`)
	const asked = `performance.getEntriesByType("resource").length`
	b.await(asked + fmt.Sprintf(" > 3 + %d", eval[int](b, asked))) // more than one turn
	if most := eval[int](b, "mostAsking"); most != 1 {
		t.Errorf("the page sends %d requests at once", most)
	}

	eval[bool](b, `new Promise(done => {
		const real = fetch;
		fetch = (...what) => {
			fetch = real;
			Object.defineProperty(document, "hidden", { value: true, configurable: true });
			done(document.dispatchEvent(new Event("visibilitychange"))); // while it waits for an answer
			return real(...what);
		};
	})`)
	const later = `new Promise(done => setTimeout(() => done(` + asked + `), 1500))`
	b.await(`!asking && performance.now() - Math.max(...performance.getEntriesByType("resource").map(e => e.responseEnd)) > 1500`)
	if before, after := eval[int](b, later), eval[int](b, later); after != before {
		t.Errorf("the hidden page has sent %d requests", after-before)
	}
	eval[bool](b, `delete document.hidden && document.dispatchEvent(new Event("visibilitychange"))`)
	b.await(asked + fmt.Sprintf(" > %d", eval[int](b, asked)))

	life.Drains()
	b.await(`document.querySelector("#state").textContent == "draining"`)
	for _, c := range b.complaints("http://" + addr + "/") {
		t.Error(c)
	}

	port.Close()
	b.await(`document.querySelector("#trouble").textContent.includes("does not answer") && document.querySelector("#state").textContent == "silent"`)
	l, err := net.Listen("tcp", addr)
	check(t, err)
	port = Serve(l, life, Options{})
	defer port.Close()
	b.await(`document.querySelector("#trouble").textContent == "" && document.querySelector("#state").textContent == "draining"`)
	for _, c := range b.complaints("http://" + addr + "/") {
		if !strings.Contains(c, "net::ERR_CONNECTION_REFUSED") {
			t.Error(c)
		}
	}
}
