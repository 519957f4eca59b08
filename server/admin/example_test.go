//go:build linux

package admin_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof" // adds the profiles to http.DefaultServeMux

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/admin"
)

// Open an admin port before a server starts, and close it after the server has ended.
func Example() {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // in use, such as 127.0.0.1:9901
	if err != nil {
		fmt.Println(err)
		return
	}
	life := &admin.Life{Source: "built in"}
	port := admin.Serve(listener, life, admin.Options{Pprof: http.DefaultServeMux})
	defer port.Close()
	ready := func() {
		r, err := http.Get("http://" + listener.Addr().String() + "/readyz")
		if err != nil {
			fmt.Println(err)
			return
		}
		defer r.Body.Close()
		state, _ := io.ReadAll(r.Body)
		fmt.Print(r.StatusCode, " ", string(state))
	}
	ready()

	cfg := server.DefaultConfig()
	cfg.Port = 0
	s, err := server.Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	life.Serves(s)
	ready()

	life.Drains()
	ready()
	s.Shutdown(context.Background())
	// Output:
	// 503 starting
	// 200 ready
	// 503 draining
}
