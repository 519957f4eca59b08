package live

import (
	"io"

	"github.com/cheggaaa/pb/v3"
	"github.com/cheggaaa/pb/v3/termutil"
)

// bar is a progress bar on the cursor's line. Without a terminal it draws nothing.
type bar struct {
	w     io.Writer
	pb    *pb.ProgressBar // nil: no terminal
	shown bool
}

// eraseLine returns to the line's start and clears it: ECMA-48's EL.
const eraseLine = "\r\x1b[K"

func newBar(w io.Writer, isTerminal bool, total int64) bar {
	if !isTerminal {
		return bar{}
	}
	p := pb.New64(total).SetTemplateString(`{{bar . "[" "=" ">" " " "]"}} {{percent . "%3.0f%%"}}  {{string . "words"}}`)
	// pb must not draw by itself, nor use colour: draw only takes its text.
	p.Set(pb.Static, true).Set(pb.Color, false).Set(pb.Terminal, false)
	return bar{w: w, pb: p}
}

func (b *bar) draw(done int64, words string) {
	if b.pb == nil {
		return
	}
	text := b.pb.SetWidth(width()).SetCurrent(min(done, b.pb.Total())).Set("words", words).String()
	_, _ = io.WriteString(b.w, text) // if stderr is gone, nothing can report it
	b.shown = true
}

func (b *bar) erase() {
	if b.shown {
		_, _ = io.WriteString(b.w, eraseLine)
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
