//go:build linux

package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links the kernel follows.
const maxLinks = 40

// trail returns the names that a path leads through, from the root: each symbolic link, and at last the file,
// or the first name that does not exist. None of them has a link before its last part.
func trail(path string) (names []string) {
	at := "/"
	if !filepath.IsAbs(path) {
		if here, err := os.Getwd(); err == nil {
			path = here + "/" + path // not cleaned: the kernel follows a link before it goes up from it
		}
	}
	rest := strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		name := filepath.Join(at, part)
		target, err := os.Readlink(name)
		switch {
		case err == nil && links < maxLinks:
			links++
			names = append(names, name)
			if filepath.IsAbs(target) {
				at = "/"
			}
			rest = append(strings.Split(target, "/"), rest...)
		case os.IsNotExist(err):
			return append(names, name)
		default:
			at = name
		}
	}
	return append(names, at)
}
