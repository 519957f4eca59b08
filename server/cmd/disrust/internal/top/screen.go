package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/disrust/disrust/server/admin"
)

// style says what a text is, and so how a terminal shows it.
type style int

const (
	plain style = iota
	heading
	faint
	good
	warning
	bad
	working
	polling
	asleep
)

// text is a part of a line. What a server has put into it may be anything.
type text struct {
	is style
	s  string
}

type line []text

// String returns the line without its styles.
func (l line) String() string {
	var b strings.Builder
	for _, t := range l {
		b.WriteString(t.s)
	}
	return b.String()
}

// screen is all that is shown.
type screen struct {
	glyphs  *glyphs
	addr    string
	shown   reading
	history history

	plain  bool // numbers alone, for a pipe
	paused bool

	failure error     // why the last reading failed; nil: it did not
	now     time.Time // when it failed
	heard   time.Time // when the server answered last
}

const (
	labelWidth = 12
	leastBar   = 8 // columns of a bar that says something
)

// label begins a line.
func label(is style, s string) text { return text{is, fmt.Sprintf("%-*s", labelWidth, s)} }

func plainly(format string, args ...any) text { return text{plain, fmt.Sprintf(format, args...)} }

// lines returns what to show in so many columns and rows. Of what does not fit it leaves out first the empty
// lines between the blocks, then threads, and then what is at the bottom.
func (s *screen) lines(width, height int) []line {
	blocks := [][]line{s.server(), s.rates(width), s.latencies(width), nil, s.pressure(width)}
	room := height
	if !s.plain {
		room-- // for the keys
	}
	for _, b := range blocks {
		room -= len(b)
	}
	threads := s.threads(width, max(1, room-1)) // less its heading
	blocks[3] = threads
	gaps := min(max(0, room-len(threads)), len(blocks))
	var all []line
	for i, b := range blocks {
		if i > 0 && i <= gaps {
			all = append(all, nil)
		}
		all = append(all, b...)
	}
	if s.plain {
		return all
	}
	all = all[:min(len(all), max(0, height-1))]
	for len(all) < height-1 {
		all = append(all, nil)
	}
	return append(all, line{{faint, "q quit   p pause"}})
}

// server says who answers, and what it serves.
func (s *screen) server() []line {
	head := line{label(heading, "server")}
	if s.paused {
		head = append(head, text{warning, "paused"}, plainly(", ")) // the figures stand
	}
	if s.failure != nil {
		head = append(head, text{bad, "no answer for " + since(s.now.Sub(s.heard))}, plainly(": %v", s.failure))
	} else {
		head = append(head, s.state()...)
	}
	model := line{label(heading, "model"), text{faint, "none yet"}}
	if m := s.shown.status.Model; m != nil {
		model[1] = plainly("%s", about(m))
	}
	return []line{head, model}
}

// state says where the server is in its life.
func (s *screen) state() line {
	status, is := &s.shown.status, warning
	if status.State == admin.Ready {
		is = good
	}
	l := line{{is, short(string(status.State), 16)}}
	if status.Started != nil {
		l = append(l, plainly(", up %s", since(s.shown.at.Sub(*status.Started))))
	}
	if status.IO.Backend != "" {
		l = append(l, plainly(", %s", short(status.IO.Backend, 16)))
	}
	return append(l, plainly(", at %s", s.addr)) // last, since the path of a socket may be long
}

// about says what a model is.
func about(m *admin.Model) string {
	outputs := "1 output"
	if m.Outputs != 1 {
		outputs = fmt.Sprintf("%d outputs", m.Outputs)
	}
	said := fmt.Sprintf("%s: %s, %d features, %s", short(m.Name, 24), short(m.Format, 24), m.Dim, outputs)
	if m.Identity != "" {
		said += ", " + m.Identity[:min(len(m.Identity), 12)]
	}
	return said
}

// short returns at most so many characters of a name.
func short(name string, most int) string {
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "~"
	}
	return name
}
