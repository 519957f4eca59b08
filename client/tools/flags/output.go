package flags

import (
	"io"
	"strings"
)

// Output writes text for people. What a file or another machine has put into the text cannot
// command the terminal: control characters, and those that turn the direction of writing, are
// shown as [OneLine] shows them. Line breaks and tabs stay. Each write must hold whole characters.
//
// Err is the first error of W, so that code that writes lines need not check each of them. The
// command must check it at the end.
type Output struct {
	W   io.Writer
	Err error
}

// Write returns W's error, if any.
func (o *Output) Write(p []byte) (int, error) {
	_, err := o.W.Write([]byte(clean(string(p))))
	if err != nil {
		if o.Err == nil {
			o.Err = err
		}
		return 0, err
	}
	return len(p), nil
}

// clean applies OneLine to what stands between line breaks and tabs.
func clean(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		end := strings.IndexAny(text, "\n\t")
		if end < 0 {
			end = len(text)
		}
		b.WriteString(OneLine(text[:end]))
		if end < len(text) {
			b.WriteByte(text[end])
			end++
		}
		text = text[end:]
	}
	return b.String()
}
