package metrics

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unsafe"
)

// Kind says how a metric behaves over time.
type Kind uint8

const (
	Counter Kind = iota // only grows
	Gauge               // goes up and down
	Peak                // the highest value since it was last taken
)

// Metric describes one field.
type Metric struct {
	Name    string // in snake case
	Exposed string // at /metrics, where it begins with disrust_
	Unit    string // in the plural
	Help    string // the description, without a full stop
	Kind    Kind
}

// The tables list the fields in their order, so a field has the same index in its table and
// in the array that Words returns.
var (
	counterTable = describe[Counters, uint64](Counter)
	gaugeTable   = describe[Gauges, int64](Gauge)
	peakTable    = describe[Peaks, int64](Peak)
)

const (
	counterCount = unsafe.Sizeof(Counters{}) / 8
	gaugeCount   = unsafe.Sizeof(Gauges{}) / 8
	peakCount    = unsafe.Sizeof(Peaks{}) / 8
)

// CounterWords, GaugeWords and PeakWords are the three structs as arrays of their fields, in
// the same order.
type (
	CounterWords = [counterCount]uint64
	GaugeWords   = [gaugeCount]int64
	PeakWords    = [peakCount]int64
)

// Words returns c's fields as an array, in c's own memory. This is valid because the structs
// hold only words of one type; describe checks that when the program starts.
func (c *Counters) Words() *CounterWords { return (*CounterWords)(unsafe.Pointer(c)) }

// Words returns g's fields as an array, in g's own memory.
func (g *Gauges) Words() *GaugeWords { return (*GaugeWords)(unsafe.Pointer(g)) }

// Words returns p's fields as an array, in p's own memory.
func (p *Peaks) Words() *PeakWords { return (*PeakWords)(unsafe.Pointer(p)) }

// Raise raises each peak of p to that of q, if q's is higher.
func (p *Peaks) Raise(q Peaks) {
	for i, v := range q.Words() {
		p.Words()[i] = max(p.Words()[i], v)
	}
}

// Table returns all metrics: counters, then peaks, then gauges.
func Table() []Metric {
	var all []Metric
	all = append(all, counterTable...)
	all = append(all, peakTable...)
	return append(all, gaugeTable...)
}

// describe reads the declaration of the struct S. All its fields must have the type W.
func describe[S any, W uint64 | int64](kind Kind) (table []Metric) {
	t, word := reflect.TypeFor[S](), reflect.TypeFor[W]()
	for i := range t.NumField() {
		f := t.Field(i)
		m := Metric{Name: snakeCase(f.Name), Unit: f.Tag.Get("unit"), Help: f.Tag.Get("help"), Kind: kind}
		m.Exposed = exposed(m.Name, f.Tag.Get("exposed"), kind)
		if f.Type != word || m.Unit == "" || m.Help == "" {
			panic(fmt.Sprintf("metrics: %s.%s must have the type %v, a unit and a help", t.Name(), f.Name, word))
		}
		table = append(table, m)
	}
	return table
}

// exposed returns a metric's name at /metrics. Prometheus wants the plain name of what is counted and, for
// a counter, the ending _total; a tag says what is counted where the field's name alone does not.
func exposed(name, tag string, kind Kind) string {
	if tag != "" {
		name = tag
	}
	if kind == Counter {
		name += "_total"
	}
	return "disrust_" + name
}

// snakeCase turns IOUring into io_uring.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
