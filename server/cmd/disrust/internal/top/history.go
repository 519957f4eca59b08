package top

import (
	"math"
	"time"
)

// mostSpans is how many spans a history keeps: more than a terminal has columns.
const mostSpans = 512

// history is the rate of the last minutes, in spans that begin at whole multiples of their length. So no span
// changes when the next one begins.
type history struct {
	span  time.Duration
	first int64  // the number of the first span
	spans []mean // in order; mean zero: nothing was measured
}

type mean struct{ sum, count float64 }

// add adds a rate that was measured at a time, which does not go back.
func (h *history) add(at time.Time, rate float64) {
	if math.IsNaN(rate) {
		return
	}
	number := at.UnixNano() / int64(h.span)
	if last := h.first + int64(len(h.spans)) - 1; len(h.spans) == 0 || number-last > mostSpans || number < h.first {
		h.first, h.spans = number, nil
	}
	for h.first+int64(len(h.spans)) <= number {
		h.spans = append(h.spans, mean{})
	}
	if drop := len(h.spans) - mostSpans; drop > 0 {
		h.first, h.spans = h.first+int64(drop), h.spans[drop:]
	}
	m := &h.spans[number-h.first]
	m.sum, m.count = m.sum+rate, m.count+1
}

// last returns the mean rates of the last spans up to now, in order. A span in which nothing was measured is none.
func (h *history) last(now time.Time, spans int) []float64 {
	rates := make([]float64, spans)
	end := now.UnixNano()/int64(h.span) + 1
	for i := range rates {
		rates[i] = none
		if at := end - int64(spans-i) - h.first; at >= 0 && at < int64(len(h.spans)) {
			rates[i] = h.spans[at].sum / h.spans[at].count // 0/0 is none
		}
	}
	return rates
}
