package drive

import (
	"net"
	"testing"
)

// TestOnStart: OnStart is called once, and not at all if a run cannot begin.
func TestOnStart(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c, starts := config(t, serve(t, &script{})), 0
		c.OnStart = func() { starts++ }
		if _, err := c.run(t.Context(), d); err != nil || starts != 1 {
			t.Errorf("started %d times, %v", starts, err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := config(t, listener.Addr().String())
	c.OnStart = func() { t.Error("a run that cannot begin has started") }
	if total, err := Run(t.Context(), c); err == nil || !total.Valid {
		t.Errorf("%v, %+v", err, total)
	}
}
