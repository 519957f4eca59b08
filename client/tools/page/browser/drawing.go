package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"regexp"
	"strings"
)

// Drawing is what the page's script says of a figure that it has drawn.
type Drawing struct {
	ID                       string
	Left, Top, Width, Height float64 // of the plot within the page, in pixels
	Logarithmic              bool    // the scale of what is measured
	Lines                    []Line
}

// Line is a line or a bar of a figure. A bar without a figure has no color.
type Line struct{ Label, Color string }

// Labels returns the names of the lines, with a bar between them.
func (d Drawing) Labels() string {
	labels := make([]string, len(d.Lines))
	for i, l := range d.Lines {
		labels[i] = l.Label
	}
	return strings.Join(labels, "|")
}

var (
	figures = regexp.MustCompile(`(?s)<figure id="([^"]*)"([^>]*)>(.*?)</figure>`)
	told    = regexp.MustCompile(`data-drawn="([^"]*)"`)
)

// Drawings returns what is drawn in a page's elements. It is an error if a figure
// is not drawn.
func Drawings(dom string) ([]Drawing, error) {
	var list []Drawing
	for _, match := range figures.FindAllStringSubmatch(dom, -1) {
		id := html.UnescapeString(match[1])
		text := told.FindStringSubmatch(match[2])
		if text == nil {
			return nil, fmt.Errorf("%s is not drawn", id)
		}
		d := Drawing{ID: id}
		if err := json.Unmarshal([]byte(html.UnescapeString(text[1])), &d); err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		list = append(list, d)
	}
	if len(list) == 0 {
		return nil, errors.New("the page has no figure")
	}
	return list, nil
}

// Check counts the pixels of about each line's color inside the plot: at least a
// tenth as many as it is wide, for a line may be dotted or lie under another.
func (d Drawing) Check(picture image.Image) error {
	var problems []error
	if len(d.Lines) == 0 || d.Width < 100 || d.Height < 20 {
		problems = append(problems, fmt.Errorf("%s has %d lines in %.0f x %.0f", d.ID, len(d.Lines), d.Width, d.Height))
	}
	for _, l := range d.Lines {
		if l.Color == "" {
			continue
		}
		if n := d.count(picture, l.Color); n < int(d.Width)/10 {
			problems = append(problems, fmt.Errorf("%s: %s has %d pixels of %s", d.ID, l.Label, n, l.Color))
		}
	}
	return errors.Join(problems...)
}

func (d Drawing) count(picture image.Image, name string) int {
	var want color.RGBA
	if _, err := fmt.Sscanf(name, "#%02x%02x%02x", &want.R, &want.G, &want.B); err != nil {
		return 0
	}
	n := 0
	for y := int(d.Top); y < int(d.Top+d.Height); y++ {
		for x := int(d.Left); x < int(d.Left+d.Width); x++ {
			got := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if near(got.R, want.R) && near(got.G, want.G) && near(got.B, want.B) {
				n++
			}
		}
	}
	return n
}

// near allows for a line's edge to be mixed with what lies under it.
func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 24 }
