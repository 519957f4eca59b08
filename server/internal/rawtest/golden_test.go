//go:build linux

package rawtest

import (
	"reflect"
	"testing"
)

func TestParseGolden(t *testing.T) {
	got, err := ParseGolden("# a comment\n> 01000000 0000803f*2  # ones\n\n< 0100 nan\n< ff nan\nhalf-close\neof\n")
	want := &Golden{
		Send:      []byte{1, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f},
		Want:      []byte{1, 0, 0, 0, 0xc0, 0x7f, 0xff, 0, 0, 0xc0, 0x7f},
		NaNs:      []int{2, 7},
		HalfClose: true,
		EOF:       true,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestParseGoldenRefuses(t *testing.T) {
	for _, text := range []string{
		"> 0", "> 0g", "> 00*x", "< 0x00", "send 00", "eof now", "half-close\n> 00", "eof\n< 00",
	} {
		if _, err := ParseGolden(text); err == nil {
			t.Errorf("%q is no error", text)
		}
	}
}

func TestIsNaN(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  bool
	}{
		{"\x00\x00\xc0\x7f", true}, {"\x01\x00\x80\x7f", true}, {"\x00\x01\x80\xff", true},
		{"\x00\x00\x80\x7f", false}, {"\x00\x00\x80\xff", false}, {"\xff\xff\x7f\x7f", false}, {"\x00\x00\xc0\x00", false},
	} {
		if got := isNaN([]byte(test.bytes)); got != test.want {
			t.Errorf("isNaN(% x) = %t", test.bytes, got)
		}
	}
}
