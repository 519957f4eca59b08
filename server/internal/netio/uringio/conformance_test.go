//go:build linux

package uringio_test

import (
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/netiotest"
	"github.com/disrust/disrust/server/internal/netio/uringio"
	_ "github.com/disrust/disrust/server/internal/testflag"
)

func TestConformance(t *testing.T) {
	netiotest.Run(t, func(t testing.TB, cfg netio.Config) netio.Backend {
		b, err := uringio.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
