package live

import (
	"io"

	"github.com/cheggaaa/pb/v3"
	"github.com/cheggaaa/pb/v3/termutil"
)

// bar is a progress bar on the line where the cursor is. Without a terminal it
// is nothing at all.
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
	// pb draws nothing by itself, and in no colour: it is asked for its text.
	p.Set(pb.Static, true).Set(pb.Color, false).Set(pb.Terminal, false)
	return bar{w: w, pb: p}
}

func (b *bar) draw(done int64, words string) {
	if b.pb == nil {
		return
	}
	text := b.pb.SetWidth(width()).SetCurrent(min(done, b.pb.Total())).Set("words", words).String()
	_, _ = io.WriteString(b.w, text) // nobody can be told that stderr is gone
	b.shown = true
}

func (b *bar) erase() {
	if b.shown {
		_, _ = io.WriteString(b.w, eraseLine)
		b.shown = false
	}
}

// width is the terminal's now, within what reads well. One column stays free,
// since a full line makes some terminals begin another.
func width() int {
	const usual, most = 80, 100
	columns, err := termutil.TerminalWidth()
	if err != nil || columns < 2 {
		columns = usual
	}
	return min(columns, most) - 1
}
