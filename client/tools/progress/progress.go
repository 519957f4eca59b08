// Package progress shows on a terminal how far a command is, and how long it will still take.
//
// Without a terminal it writes nothing. Only one goroutine may use a [Bar] or a [Counter]. They
// start no goroutine: the bar moves only during a call.
package progress

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// IsWatched reports whether a person watches w: it is a terminal that can move its cursor.
func IsWatched(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}
