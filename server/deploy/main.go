// Command deploy builds what people install: the daemon as one static binary, and a package of it for
// Debian and Ubuntu.
//
//	go run ./server/deploy dist
//
// Two builds of one commit with one version of Go have the same bytes, wherever the clone lies.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] == "" || os.Args[1][0] == '-' {
		fmt.Fprintln(os.Stderr, "deploy: the folder to write to is needed, and nothing else: go run ./server/deploy dist")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "deploy: %v\n", err)
		os.Exit(1)
	}
}

// run builds into dir, and says what it made.
func run(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	here, err := goCommand(nil, "list", "-f", "{{.Dir}}", "github.com/disrust/disrust/server/deploy")
	if err != nil {
		return err
	}
	b, err := build(filepath.Join(here, "../cmd/disrust"), filepath.Join(dir, "disrust"))
	if err != nil {
		return err
	}
	deb, err := pack(b, here, dir)
	if err != nil {
		return err
	}
	for _, path := range []string{b.path, deb} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %.1f MB\n", path, float64(info.Size())/1e6)
	}
	return nil
}
