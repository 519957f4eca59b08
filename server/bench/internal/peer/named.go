//go:build linux

package peer

import (
	"fmt"
	"strings"
)

// Named is a server that the command line names, and the command that starts it. {port} in the
// command stands for the port.
type Named struct {
	Name    string
	Command []string
}

// ParseNamed parses NAME='COMMAND {port}'. Spaces separate the words of the command; nothing quotes
// them. Its error is a sentence for people.
func ParseNamed(s string) (Named, error) {
	name, command, found := strings.Cut(s, "=")
	words := strings.Fields(command)
	if !found || name == "" || len(words) == 0 || !strings.Contains(command, "{port}") {
		return Named{}, fmt.Errorf("%q is not NAME='COMMAND {port}'", s)
	}
	return Named{name, words}, nil
}
