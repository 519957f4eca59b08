//go:build linux

package server_test

import (
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

// TestAbout: the server says what it is made of, in every placement and on both backends.
func TestAbout(t *testing.T) {
	identity := wire.Identity{7}
	rawtest.EachPlacement(t, func(cfg *server.Config) { cfg.ModelName, cfg.Identity = "largest", identity }, func(t *testing.T, s *rawtest.Server) {
		a := s.About()
		if a.IO != server.IOUring && a.IO != server.IOEpoll || a.IOCause != "" {
			t.Errorf("the backend is %v since %q", a.IO, a.IOCause)
		}
		if (s.Metrics().IOUring == 1) != (a.IO == server.IOUring) || a.IOThreads != s.IOThreads || a.BatchThreads == server.Auto || a.Wait.String() == "" {
			t.Errorf("%+v of %d I/O threads", a, s.IOThreads)
		}
		if a.ModelName != "largest" || a.Identity != identity || a.Model == nil || a.Format.Dim != 128 || a.Format.Outputs != 1 {
			t.Errorf("the model is %+v", a)
		}
		other := wire.Identity{8}
		rawtest.Check(t, s.Reload(t.Context(), a.Model, other))
		if got := s.About().Identity; got != other {
			t.Errorf("after a reload the identity begins with %x", got[:1])
		}
		if a.Started.IsZero() || a.MostBytes == 0 {
			t.Errorf("started %v, at most %d bytes", a.Started, a.MostBytes)
		}
	})
}

// TestPeaksStay: Peaks takes nothing from TakePeaks, and TakePeaks nothing from Peaks.
func TestPeaksStay(t *testing.T) {
	rawtest.Run(t, func(cfg *server.Config) { cfg.BatchThreads = server.Dedicated }, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 1, 1)
		rawtest.Check(t, c.Exchange(requests, answers))
		rawtest.Check(t, c.Finish())
		rawtest.Until(t, "peaks are counted", func() bool { return s.Peaks().MaxPoolBytes > 0 })
		ever := s.Peaks()
		if taken := s.TakePeaks(); taken != ever {
			t.Errorf("TakePeaks returned %+v after Peaks returned %+v", taken, ever)
		}
		if taken, still := s.TakePeaks(), s.Peaks(); taken != (metrics.Peaks{}) || still != ever {
			t.Errorf("later TakePeaks returned %+v, want nothing, and Peaks %+v, want %+v", taken, still, ever)
		}
	})
}
