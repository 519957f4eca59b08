package progress

import (
	"io"

	"github.com/cheggaaa/pb/v3"
	"github.com/cheggaaa/pb/v3/termutil"
)

// Bar is a progress bar on the cursor's line. Without a terminal it draws nothing.
type Bar struct {
	w     io.Writer
	pb    *pb.ProgressBar // nil: no terminal
	shown bool
}

// EraseLine returns to the line's start and clears it: ECMA-48's EL.
const EraseLine = "\r\x1b[K"

// NewBar returns a bar on w that is full at total. isTerminal says whether w is a terminal.
func NewBar(w io.Writer, isTerminal bool, total int64) Bar {
	if !isTerminal {
		return Bar{}
	}
	p := pb.New64(total).SetTemplateString(`{{bar . "[" "=" ">" " " "]"}} {{percent . "%3.0f%%"}}  {{string . "words"}}`)
	// pb must not draw by itself, nor use colour: draw only takes its text.
	p.Set(pb.Static, true).Set(pb.Color, false).Set(pb.Terminal, false)
	return Bar{w: w, pb: p}
}

// Draw draws the bar on an empty line, with words behind it.
func (b *Bar) Draw(done int64, words string) {
	if b.pb == nil {
		return
	}
	text := b.pb.SetWidth(width()).SetCurrent(min(done, b.pb.Total())).Set("words", words).String()
	_, _ = io.WriteString(b.w, text) // if stderr is gone, nothing can report it
	b.shown = true
}

// Erase leaves an empty line.
func (b *Bar) Erase() {
	if b.shown {
		_, _ = io.WriteString(b.w, EraseLine)
		b.shown = false
	}
}

// width returns the terminal's current width, or less if it is too wide to read well. One
// column stays free, because some terminals begin a new line when a line is full.
func width() int {
	const usual, widest = 80, 100
	columns, err := termutil.TerminalWidth()
	if err != nil || columns < 2 {
		columns = usual
	}
	return min(columns, widest) - 1
}
