//go:build linux

package rawtest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Golden is a byte stream written by hand, with the answers that the server must give.
//
// Its text has one step per line, and # begins a comment:
//
//	> 01000000 0000803f*128   the client sends; *128 repeats
//	< 01000000 00000043 nan   the server answers; nan is any NaN
//	half-close                the client half-closes
//	eof                       the server sends EOF
//
// Steps of one direction are in order. Steps of different directions are not: the client
// may send everything before it reads the first answer.
type Golden struct {
	Send      []byte
	Want      []byte
	NaNs      []int // offsets in Want at which any NaN is right
	HalfClose bool
	EOF       bool
}

// ParseGolden parses the text of a golden stream.
func ParseGolden(text string) (*Golden, error) {
	g := &Golden{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if err := g.step(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return g, nil
}

func (g *Golden) step(fields []string) (err error) {
	if len(fields) == 0 {
		return nil
	}
	step, fields := fields[0], fields[1:]
	switch {
	case g.EOF:
		return errors.New("a step after eof")
	case step == ">" && !g.HalfClose:
		g.Send, err = appendHex(g.Send, fields)
	case step == "<":
		err = g.answer(fields)
	case step == "half-close" && len(fields) == 0:
		g.HalfClose = true
	case step == "eof" && len(fields) == 0:
		g.EOF = true
	default:
		return fmt.Errorf("no such step here: %s", step)
	}
	return err
}

func (g *Golden) answer(fields []string) (err error) {
	for _, field := range fields {
		if field == "nan" {
			g.NaNs = append(g.NaNs, len(g.Want))
			field = "0000c07f"
		}
		if g.Want, err = appendHex(g.Want, []string{field}); err != nil {
			return err
		}
	}
	return nil
}

func appendHex(dst []byte, fields []string) ([]byte, error) {
	for _, field := range fields {
		digits, times, repeated := strings.Cut(field, "*")
		count := 1
		if repeated {
			var err error
			if count, err = strconv.Atoi(times); err != nil {
				return nil, err
			}
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, err
		}
		dst = append(dst, bytes.Repeat(b, count)...)
	}
	return dst, nil
}

// Play sends g's requests with send, and checks the answers that c reads. If g ends with
// EOF, the server may close while the client still sends, so send may fail then.
func (g *Golden) Play(c *Client, send func([]byte) error) error {
	if err := send(g.Send); err != nil && !g.EOF {
		return err
	}
	if g.HalfClose {
		if err := c.CloseWrite(); err != nil {
			return err
		}
	}
	got := make([]byte, len(g.Want))
	if err := c.Receive(got); err != nil {
		return err
	}
	for _, at := range g.NaNs {
		if isNaN(got[at : at+4]) {
			copy(got[at:], g.Want[at:at+4])
		}
	}
	if err := Compare(got, g.Want); err != nil {
		return err
	}
	if g.EOF {
		return c.ExpectEOF()
	}
	return nil
}

// isNaN reports whether four little-endian bytes are a NaN: all exponent bits are set, and
// some bit of the fraction.
func isNaN(b []byte) bool {
	return b[3]&0x7f == 0x7f && b[2]&0x80 != 0 && (b[2]&0x7f|b[1]|b[0]) != 0
}
