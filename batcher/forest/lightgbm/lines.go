package lightgbm

import "bytes"

// lines hands out the lines of a text, without their ends.
type lines struct{ rest []byte }

// next returns the next line; ok is false at the end of the text.
func (l *lines) next() (line []byte, ok bool) {
	if len(l.rest) == 0 {
		return nil, false
	}
	end := bytes.IndexByte(l.rest, '\n')
	if end < 0 {
		line, l.rest = l.rest, nil
	} else {
		line, l.rest = l.rest[:end], l.rest[end+1:]
	}
	return bytes.TrimRight(line, "\r \t"), true
}

// short returns text for a sentence: quoted where it could be misread, and cut if it is long.
func short(text []byte) string {
	const most = 40
	cut := string(text[:min(len(text), most)])
	if len(text) > most {
		cut += "..."
	}
	return cut
}
