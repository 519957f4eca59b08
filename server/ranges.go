//go:build linux

package server

import (
	"math"
	"reflect"
	"time"

	"github.com/disrust/disrust/wire"
)

// Range bounds a field of a Config. Low and High are allowed.
type Range[N int | time.Duration] struct{ Low, High N }

// Allowed holds the ranges of a Config's numbers and durations. Each of its fields bounds the
// field of the Config that has the same name: to bound one more field, add it here. Do not
// change Allowed while a program runs.
//
// Besides, PoolBytes must hold the largest request, and the sizes of the two rings must be
// powers of two.
var Allowed = struct {
	Port, IOThreads, Dim, MaxVectors               Range[int]
	PoolBytes, RequestRing, ResponseRing, MaxConns Range[int]
	BatchThreads, Wait, IO                         Range[int]

	RequestTimeout, IdleTimeout, MaxConnAge Range[time.Duration]
	DrainDelay, DrainSpread, DrainTimeout   Range[time.Duration]
}{
	Port:         Range[int]{0, math.MaxUint16},
	IOThreads:    Range[int]{0, 256},
	Dim:          Range[int]{0, wire.MaxDim},
	MaxVectors:   Range[int]{1, wire.MaxVectors},
	PoolBytes:    Range[int]{1, 1 << 36},
	RequestRing:  Range[int]{1, 1 << 24},
	ResponseRing: Range[int]{1, 1 << 24},
	MaxConns:     Range[int]{1, 1 << 20},

	BatchThreads: Range[int]{int(Auto), int(Dedicated)},
	Wait:         Range[int]{int(WaitAuto), int(WaitBlock)},
	IO:           Range[int]{int(IOAuto), len(backends) - 1},

	RequestTimeout: Range[time.Duration]{0, maxTimeout},
	IdleTimeout:    Range[time.Duration]{0, maxTimeout},
	MaxConnAge:     Range[time.Duration]{0, maxTimeout},
	DrainDelay:     Range[time.Duration]{0, maxTimeout},
	DrainSpread:    Range[time.Duration]{0, maxTimeout},
	DrainTimeout:   Range[time.Duration]{time.Millisecond, maxTimeout},
}

const maxTimeout = 1000 * time.Hour

// checkRanges checks each field of c that has a range.
func (c *Config) checkRanges() error {
	allowed, fields := reflect.ValueOf(Allowed), reflect.ValueOf(c).Elem()
	for i := range allowed.NumField() {
		field := allowed.Type().Field(i).Name
		value, low, high := fields.FieldByName(field), allowed.Field(i).Field(0), allowed.Field(i).Field(1)
		if value.Int() >= low.Int() && value.Int() <= high.Int() {
			continue
		}
		kind := "a whole number"
		if low.Type() == reflect.TypeFor[time.Duration]() {
			kind = "a duration"
		}
		return configError("%v: %s from %v to %v is allowed", setting(field, number(value)), kind, low, high)
	}
	return nil
}

// number returns a field's value without the name that its type may give it.
func number(value reflect.Value) any {
	if d, isDuration := value.Interface().(time.Duration); isDuration {
		return d
	}
	return int(value.Int())
}
