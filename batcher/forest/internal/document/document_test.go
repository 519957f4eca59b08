package document

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFloat32s(t *testing.T) {
	inf := float32(math.Inf(1))
	for text, want := range map[string][]float32{
		`[]`:                             nil,
		`[1, -2 ,3E0]`:                   {1, -2, 3},
		`[5.1318E-1,1E-45,-0E0]`:         {0.51318, 1e-45, float32(math.Copysign(0, -1))},
		`[16777217,3.4028235E38]`:        {16777216, math.MaxFloat32},
		`[1.00000017881393432617187499]`: {1.0000001}, // a double in between would round it up
		`[Infinity,-Infinity]`:           {inf, -inf},
		"[$d#L\x00\x00\x00\x00\x00\x00\x00\x01\x3f\x80\x00\x00": {1},
		"[$D#i\x01\x3f\xf0\x00\x00\x00\x00\x00\x00":             {1},
		"[$i#i\x02\x01\xff":                     {1, -1},
		"[#i\x02U\xffI\xff\xff":                 {255, -1},
		"[l\x00\x00\x00\x07Nd\x3f\x80\x00\x00]": {7, 1},
	} {
		var r Reader = &jsonReader{data: []byte(text)}
		if len(text) > 1 && strings.ContainsRune("$#l", rune(text[1])) {
			r = &ubjsonReader{data: []byte(text)}
		}
		got, err := r.Float32s(nil)
		same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
		if err != nil || !slices.EqualFunc(got, want, same) || r.Close() != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		data string
		want string
	}{
		{"", "ends early, at byte 0"},
		{"[1 2]", `"2" where a comma or ] belongs (byte 3)`},
		{"[1,]", `no value of JSON begins with "]" (byte 3)`},
		{"[1", "ends early, at byte 2"},
		{"[1.5.2]", `"1.5.2" is no number`},
		{"[0x10]", `"0x10" is no number`},
		{"[1e39]", "element 0: 1e39 is beyond float32 (byte 1)"},
		{"[NaNs]", `"NaNs" is no number`},
		{`["1"]`, `element 0: the string "1" where a number belongs (byte 1)`},
		{"[true]", `true where a number belongs`},
		{"[{]", "] ends what it did not begin (byte 2)"},
		{"{}", "an object where an array belongs (byte 0)"},
		{"{i\x01aZ}", "an object where an array belongs (byte 0)"},
		{"[$d#i\x02\x00\x00\x00\x00", "the count is 2 elements of at least 4 bytes, with 4 bytes left"},
		{"[$d\x00", "a type of elements without a count"},
		{"[$T#i\x01", "elements of the type 'T': numbers alone are supported"},
		{"[#d\x00\x00\x00\x00", "the count has the mark 'd'"},
		{"[#i\xff", "the count is -1"},
		{"[D\x7f\xef\xff\xff\xff\xff\xff\xff]", "is beyond float32"},
		{"[Hi\x011]", "decimal text"},
		{"[Si\x011]", "a string where a number belongs"},
		{"[?]", "'?' is no mark of UBJSON"},
	} {
		var r Reader = &jsonReader{data: []byte(c.data)}
		if len(c.data) > 1 && strings.ContainsRune("$#iDHS?", rune(c.data[1])) {
			r = &ubjsonReader{data: []byte(c.data)}
		}
		_, err := r.Float32s(nil)
		if err == nil {
			err = r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.data, err, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		`"a\"\\\/\b\f\n\r\tz"`: "a\"\\/\b\f\n\r\tz",
		`"\u00e9\ud83d\ude00"`: "é😀",
		`"c:\users\u+123"`:     `c:\users\u+123`,
		`"\ud83d!"`:            "\uFFFD!",
		`"\ud83d\u0041"`:       "\uFFFDA",
		"\"a\xff\"":            "a\uFFFD",
	} {
		got, err := (&jsonReader{data: []byte(text)}).Text()
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`"\x"`, `"\u12`, `"a`, "\"a\nb\"", `"a\`} {
		if got, err := (&jsonReader{data: []byte(text)}).Text(); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, data := range []string{strings.Repeat("[", 100000), "{i\x01a" + strings.Repeat("[", 100000)} {
		if err := New([]byte(data)).Skip(); err == nil || !strings.Contains(err.Error(), "depth") {
			t.Errorf("%.20q: %v", data, err)
		}
		if _, err := walk(New([]byte(data))); err == nil || !strings.Contains(err.Error(), "depth") {
			t.Errorf("%.20q: %v", data, err)
		}
	}
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if err := New([]byte(deep)).Skip(); err != nil {
		t.Error(err)
	}
	if _, err := walk(New([]byte(deep))); err != nil {
		t.Error(err)
	}
}

func TestFields(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"c":[1,"}"]}`:   "",
		`{"c":{}}`:              "a: is missing",
		`{"a":1,"b":2,"b":2}`:   "b: is there twice",
		`{"a":"1"}`:             `a: the string "1" where a number belongs (byte 5)`,
		`{"a":1,"c":[}`:         `"c": } ends what it did not begin (byte 12)`,
		`{"a":1,"c":[`:          `"c": the file ends early, at byte 12`,
		`{"a" 1}`:               `no colon after the key "a" (byte 5)`,
		`[]`:                    "an array where an object belongs (byte 0)",
		`{"a":1,"other":[1,2]}`: "",
	} {
		r := New([]byte(text))
		read := func() error { _, err := r.Int32(); return err }
		err := Fields(r, []Field{{Name: "a", Required: true, Read: read}, {Name: "b", Read: read}}, nil)
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestFloat64s(t *testing.T) {
	for text, want := range map[string][]float64{
		`[]`: nil,
		`[0.1,-0E0,5E-324,1.7976931348623157E308]`:  {0.1, math.Copysign(0, -1), 5e-324, math.MaxFloat64},
		`[1.0000000000000001110223024625156541]`:    {1.0000000000000002}, // just above the middle of two
		`[Infinity,-Infinity]`:                      {math.Inf(1), math.Inf(-1)},
		"[$d#i\x01\x3d\xcc\xcc\xcd":                 {float64(float32(0.1))},
		"[$D#i\x01\x3f\xf0\x00\x00\x00\x00\x00\x01": {1.0000000000000002},
		"[#i\x02U\xffI\xff\xff":                     {255, -1},
	} {
		got, err := New([]byte(text)).Float64s(nil)
		if text[1] == '$' || text[1] == '#' {
			got, err = (&ubjsonReader{data: []byte(text)}).Float64s(nil)
		}
		same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
		if err != nil || !slices.EqualFunc(got, want, same) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"[1e309]", "[0x1p4]", `["1"]`, "[1"} {
		if got, err := New([]byte(text)).Float64s(nil); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
