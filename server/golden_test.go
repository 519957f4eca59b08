//go:build linux

package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestGolden plays each stream in testdata twice: sent whole, and one byte at a time.
func TestGolden(t *testing.T) {
	streams := readGolden(t)
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		for name, golden := range streams {
			t.Run(name+"/whole", func(t *testing.T) {
				play(t, s, golden, (*rawtest.Client).Send)
			})
			t.Run(name+"/bytes", func(t *testing.T) {
				play(t, s, golden, (*rawtest.Client).SendBytes)
			})
		}
	})
}

func play(t *testing.T, s *rawtest.Server, golden *rawtest.Golden, send func(*rawtest.Client, []byte) error) {
	c := dial(t, s.Addr)
	defer c.Close()
	rawtest.Check(t, golden.Play(c, func(b []byte) error { return send(c, b) }))
}

// readGolden returns the streams in testdata by name.
func readGolden(t *testing.T) map[string]*rawtest.Golden {
	paths, err := filepath.Glob("testdata/*.txt")
	rawtest.Check(t, err)
	if len(paths) == 0 {
		t.Fatal("no golden streams in testdata")
	}
	streams := make(map[string]*rawtest.Golden)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		rawtest.Check(t, err)
		golden, err := rawtest.ParseGolden(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		streams[strings.TrimSuffix(filepath.Base(path), ".txt")] = golden
	}
	return streams
}
