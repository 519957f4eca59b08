//go:build linux

package main

import (
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
)

// TestPages parses every command line that the repository's pages show. It runs none, because each
// takes minutes: TestAll runs every peer in every kind of work.
func TestPages(t *testing.T) {
	for _, command := range readme.Own(t, "../..", "server/bench") {
		if _, err := parseOptions(readme.Args(t, command, "go run ./server/bench")); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}
