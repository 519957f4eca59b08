package page_test

import (
	"bytes"
	"fmt"

	"github.com/disrust/disrust/client/tools/page"
)

func Example() {
	p := page.Page{
		Title: "Load on 127.0.0.1:9900",
		Sections: []page.Section{{Title: "Latency", Charts: []page.Chart{{
			ID:   "latency",
			X:    page.Axis{Name: "at", Label: "seconds", Format: page.Seconds},
			Y:    page.Axis{Label: "latency", Format: page.Latency, Log: 10},
			Sets: []page.Set{{X: []float64{1, 2}, Lines: []page.Line{{Label: "p99", Color: page.P99, Y: []page.Value{81e3, 95e3}}}}},
		}}}},
	}
	var b bytes.Buffer
	err := p.Write(&b)
	fmt.Println(bytes.Contains(b.Bytes(), []byte("<h2>Latency</h2>")), err)
	// Output: true <nil>
}
