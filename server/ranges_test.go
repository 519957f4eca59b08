//go:build linux

package server

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestRanges: each field that has a range is refused just outside of it, with a sentence
// that begins with the field's name, and is not refused at its bounds.
func TestRanges(t *testing.T) {
	allowed := reflect.ValueOf(Allowed)
	for i := range allowed.NumField() {
		name := allowed.Type().Field(i).Name
		low, high := allowed.Field(i).Field(0).Int(), allowed.Field(i).Field(1).Int()
		for value, refused := range map[int64]bool{low - 1: true, low: false, high: false, high + 1: true} {
			cfg := DefaultConfig()
			reflect.ValueOf(&cfg).Elem().FieldByName(name).SetInt(value)
			if err := cfg.checkRanges(); (err != nil) != refused || err != nil && !strings.HasPrefix(err.Error(), name+" ") {
				t.Errorf("%s %d: %v", name, value, err)
			}
		}
	}
}

// TestEveryNumberHasARange: a number or a duration of a Config without a range would be
// accepted unchecked.
func TestEveryNumberHasARange(t *testing.T) {
	allowed := reflect.TypeOf(Allowed)
	for f := range reflect.TypeFor[Config]().Fields() {
		_, found := allowed.FieldByName(f.Name)
		if isNumber := f.Type.Kind() == reflect.Int || f.Type == reflect.TypeFor[time.Duration](); isNumber != found {
			t.Errorf("Config.%s is a number: %t; it has a range: %t", f.Name, isNumber, found)
		}
	}
}
