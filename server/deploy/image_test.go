//go:build linux

package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// image is what the Dockerfile says.
type image struct {
	copies  [][2]string // from the folder that is built from, into the image
	user    int
	command []string
}

// readDockerfile reads the Dockerfile, which uses few of the instructions that there are.
func readDockerfile(t *testing.T) (i image) {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	check(t, err)
	for line := range strings.Lines(string(text)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "", "#", "EXPOSE":
		case "FROM":
			if rest != "scratch" {
				t.Fatalf("the image is not made from nothing: %s", line)
			}
		case "COPY":
			words := strings.Fields(rest)
			i.copies = append(i.copies, [2]string{words[0], words[1]})
		case "USER":
			uid, _, _ := strings.Cut(rest, ":")
			i.user, err = strconv.Atoi(uid)
			check(t, err)
		case "ENTRYPOINT", "CMD":
			var words []string
			check(t, json.Unmarshal([]byte(rest), &words))
			i.command = append(i.command, words...)
		default:
			t.Fatalf("the tests do not know what this line does: %s", line)
		}
	}
	return i
}
