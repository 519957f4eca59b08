package top

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/disrust/disrust/server/admin"
	"github.com/gdamore/tcell/v3"
	"github.com/gdamore/tcell/v3/vt"
)

// terminal is an emulated terminal, and the screen of tcell on it.
func terminal(t *testing.T, columns, rows int) (vt.MockTerm, tcell.Screen) {
	t.Helper()
	t.Setenv("LC_ALL", "C.UTF-8")
	emulated := vt.NewMockTerm(vt.MockOptSize{X: vt.Col(columns), Y: vt.Row(rows)})
	screen, err := tcell.NewTerminfoScreenFromTty(emulated, tcell.OptNegotiation(false))
	check(t, err)
	check(t, screen.Init())
	t.Cleanup(screen.Fini)
	return emulated, screen
}

// shown returns what a terminal shows.
func shown(emulated vt.MockTerm, columns, rows int) string {
	var b strings.Builder
	for y := range rows {
		for x := range columns {
			if c := emulated.GetCell(vt.Coord{X: vt.Col(x), Y: vt.Row(y)}).C; c != "" {
				b.WriteString(c)
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestHostileNames: what a server says cannot command the terminal. The screen stays where it is, and what
// does not print is shown as Go would quote it.
func TestHostileNames(t *testing.T) {
	const hostile = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m\r\n"
	f := newFake()
	f.State, f.Model.Name, f.Model.Format, f.Model.Identity, f.IO.Backend = hostile, hostile, hostile, hostile, hostile
	f.ThreadSeconds = []admin.ThreadSeconds{{Thread: hostile, Working: 1}}
	emulated, screen := terminal(t, 80, 24)
	s := busy(t, 1)
	s.shown = compare(f.sample(t, start), f.sample(t, start.Add(time.Second)))
	s.failure = errors.New(hostile)
	draw(screen, s)
	said := shown(emulated, 80, 24)
	for _, r := range said {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%q in\n%q", r, said)
		}
	}
	if title := emulated.GetTitle(); title != "" {
		t.Errorf("the title is %q", title)
	}
	if !strings.HasPrefix(said, `server      no answer for`) || !strings.Contains(said, `\x1b[2J`) || !strings.Contains(said, "\nq quit") {
		t.Errorf("%s", said)
	}
}

// TestDraw: the terminal shows the lines of the screen, of its size then, and nothing of those before.
func TestDraw(t *testing.T) {
	emulated, screen := terminal(t, 80, 24)
	s := busy(t, 2)
	for range 2 {
		draw(screen, s)
		want := s.lines(80, 24)
		for y, got := range strings.Split(strings.TrimSuffix(shown(emulated, 80, 24), "\n"), "\n") {
			if l := want[y].String(); strings.TrimRight(got, " ") != strings.TrimRight(l, " ") {
				t.Errorf("line %d is %q, want %q", y, got, l)
			}
		}
		s.shown.threads, s.failure = nil, errors.New("gone")
	}
}

// exploding is a connection to a server on which a reading panics.
type exploding struct{}

func (exploding) RoundTrip(*http.Request) (*http.Response, error) {
	panic("in the middle of a reading")
}

// returned is a terminal that knows whether it was given back.
type returned struct {
	vt.MockTerm
	stopped atomic.Bool
}

func (r *returned) Stop() error {
	r.stopped.Store(true)
	return r.MockTerm.Stop()
}

// TestPanic: a panic while the terminal is in use reaches the caller, after the terminal was given back.
func TestPanic(t *testing.T) {
	emulated := &returned{MockTerm: vt.NewMockTerm(vt.MockOptSize{X: 80, Y: 24})}
	screen, err := tcell.NewTerminfoScreenFromTty(emulated, tcell.OptNegotiation(false))
	check(t, err)
	tcell.ShimScreen(screen)
	from := &source{addr: "here:1", client: http.Client{Transport: exploding{}}}
	func() {
		defer func() {
			if p := recover(); p != "in the middle of a reading" {
				t.Errorf("the panic is %v", p)
			}
		}()
		command := &top{interval: time.Millisecond}
		t.Error(command.live(t.Context(), from, sample{at: start}, busy(t, 1)))
	}()
	if !emulated.stopped.Load() {
		t.Error("the terminal was not given back")
	}
}
