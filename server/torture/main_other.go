//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "torture: needs Linux 5.19 or newer")
	os.Exit(1)
}
