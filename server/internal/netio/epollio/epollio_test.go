//go:build linux

package epollio_test

import (
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/epollio"
	"github.com/disrust/disrust/server/internal/netio/netiotest"
	_ "github.com/disrust/disrust/server/internal/testflag"
)

func TestConformance(t *testing.T) {
	netiotest.Run(t, newBackend)
}

func newBackend(t testing.TB, cfg netio.Config) netio.Backend {
	b, err := epollio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
