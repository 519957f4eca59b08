//go:build linux

package tests

import (
	"testing"

	"github.com/disrust/disrust/client/languages/subject"
)

// ways are the ways in which Subject makes calls: with futures, with a pipeline, and with calls that wait.
var ways = []subject.Way{{Name: "async"}, {Name: "pipeline"}, {Name: "arrays", OneByOne: true}, {Name: "buffers", OneByOne: true}}

// player starts Subject, which makes calls in one of its ways. It has a client for each text.
func player(t *testing.T, way string) subject.Player {
	t.Helper()
	s := subject.Start(t, java("Subject", way))
	return func(t *testing.T, addr, text string) []string {
		t.Helper()
		s.Write(t, "client "+addr+"\n"+text+"end\n")
		return s.Paragraph(t)
	}
}

// startSubject starts Subject with a client for an address.
func startSubject(t *testing.T, way, addr string) *subject.Program {
	t.Helper()
	s := subject.Start(t, java("Subject", way))
	s.Write(t, "client "+addr+"\n")
	t.Cleanup(func() { s.Write(t, "end\n") })
	return s
}

// TestConformance: the client passes every scenario of version 2, which is all that it speaks.
func TestConformance(t *testing.T) {
	subject.Conformance(t, player, ways...)
}
