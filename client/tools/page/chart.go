package page

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Chart is a chart of lines or of bars.
type Chart struct {
	ID    string `json:"id"` // of its place in the page; unique
	Title string `json:"-"`  // may be empty where the section has no other chart
	Text  string `json:"-"`

	X     Axis   `json:"x"` // of bars it is unused
	Y     Axis   `json:"y"` // what is measured: upright for lines, across for bars
	Sets  []Set  `json:"sets"`
	Marks []Mark `json:"marks"`
	Bars  []Bar  `json:"bars"`
}

// Axis is one scale of a chart.
type Axis struct {
	Label  string   `json:"label"`
	Name   string   `json:"name"` // of an x, as the legend calls it
	Format Format   `json:"format"`
	Unit   string   `json:"unit"`  // behind a value in the legend
	Log    int      `json:"log"`   // base of a logarithmic scale: 2 or 10; 0 is linear
	Names  []string `json:"names"` // of x = 0, 1, 2 and so on, instead of numbers
	Sync   string   `json:"sync"`  // charts that have this in common share their cursor
}

// Format is how values are written.
type Format string

const (
	Number     Format = "number"     // 512
	Count      Format = "count"      // 1.25M
	Latency    Format = "latency"    // nanoseconds, as 1.25 ms
	Seconds    Format = "seconds"    // 12.5 s
	Percentile Format = "percentile" // 1/(1-p), as 99.9%: one value in so many is slower
)

// Color is a color of the page's style, which has one each for light and dark.
type Color string

const (
	P50   Color = "p50"
	P90   Color = "p90"
	P99   Color = "p99"
	P999  Color = "p999"
	Max   Color = "max"
	Bound Color = "bound"
	Knee  Color = "knee"
)

const seriesColors = 8

// Series returns the color of the i-th of several things that are compared.
func Series(i int) Color { return Color(fmt.Sprintf("series%d", i%seriesColors)) }

// Baseline is a grey, for the thing that others are compared with. It is the
// last of Series.
const Baseline Color = "series7"

// Set is lines over the same x, which ascends.
type Set struct {
	X     []float64 `json:"x"`
	Lines []Line    `json:"lines"`
}

// Line is a line of a chart.
type Line struct {
	Label  string  `json:"label"`
	Color  Color   `json:"color"`
	Y      []Value `json:"y"`
	Width  float64 `json:"width"` // pixels; 0 is 2
	Dash   []int   `json:"dash"`  // pixels on and off; solid if empty
	Points bool    `json:"points"`
	Shape  int     `json:"shape"` // of its points, from 1 on, so that color is not all that tells lines apart; 0 is plain
	Fill   float64 `json:"fill"`  // opacity of the area down to the line before it
}

// Mark is a dashed upright line at x, with words.
type Mark struct {
	At    float64 `json:"at"`
	Label string  `json:"label"`
	Color Color   `json:"color"`
}

// Bar is a bar with the range of its value.
type Bar struct {
	Name    string `json:"name"`
	Color   Color  `json:"color"`
	Value   Value  `json:"value"` // None leaves only the words
	Low     Value  `json:"low"`
	High    Value  `json:"high"`
	Words   string `json:"words"`   // behind the bar
	Note    string `json:"note"`    // shown on hovering
	Warning bool   `json:"warning"` // the words are set in the color of warnings
}

// Value is a value to draw, or None.
type Value float64

// None breaks a line.
var None = Value(math.NaN())

// MarshalJSON writes null for None.
func (v Value) MarshalJSON() ([]byte, error) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(v), 'f', -1, 64), nil
}

// UnmarshalJSON reads null as None.
func (v *Value) UnmarshalJSON(text []byte) error {
	*v = None
	return json.Unmarshal(text, (*float64)(v))
}

// Nanos returns a latency in nanoseconds. One that is too short for the clock is
// drawn at one nanosecond, since its axis is logarithmic.
func Nanos(d time.Duration) Value { return Value(max(1, d)) }

// widest is the ratio of values above which a linear axis would leave nothing of
// the shortest bar.
const widest = 30

// Bars returns a chart of bars from zero on, along which lengths compare. Its
// axis is logarithmic if the values lie too far apart.
func Bars(id, title, text string, y Axis, bars []Bar) Chart {
	low, high := math.Inf(1), 0.0
	for _, b := range bars {
		if !math.IsNaN(float64(b.Value)) {
			low, high = min(low, float64(b.Low)), max(high, float64(b.High))
		}
	}
	if low > 0 && high > widest*low {
		y.Log = 10
		y.Label += ", logarithmic"
	}
	return Chart{ID: id, Title: title, Text: text, Y: y, Bars: bars}
}
