//go:build linux

package server_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

func TestUnlockX(t *testing.T) {
	for _, threads := range []int{1, 2} {
		for name, io := range rawtest.Backends {
			cfg := rawtest.Config()
			cfg.IO, cfg.IOThreads, cfg.BatchThreads = io, threads, server.Inline
			with(func(rows []float32, dim int, out []float32) error {
				for range 4 {
					runtime.UnlockOSThread()
				}
				return sum(rows, dim, out)
			})(&cfg)
			rawtest.Size(&cfg)
			before := tasks()
			s, err := server.Start(t.Context(), cfg)
			rawtest.Check(t, err)
			addr := s.Addr().String()
			fmt.Println(name, threads, "tasks", before, tasks())
			done := make(chan error, 1)
			go func() {
				done <- rawtest.Each(8, func(client int) error {
					for i := range 50 {
						requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(i, mixed(40, 8)...)
						if err := exchange(addr, requests, answers); err != nil {
							return err
						}
					}
					return nil
				})
			}()
			select {
			case err := <-done:
				fmt.Println("clients", err)
			case <-time.After(5 * time.Second):
				fmt.Println("clients hang")
			}
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			fmt.Println("shutdown", s.Shutdown(ctx))
			cancel()
			c, err := rawtest.Dial(addr)
			if err == nil {
				c.Close()
			}
			fmt.Println("dial after", err, "tasks", tasks())
		}
	}
}

func tasks() int {
	l, _ := os.ReadDir("/proc/self/task")
	return len(l)
}
