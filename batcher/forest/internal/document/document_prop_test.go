package document

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// member is a key with its value.
type member struct {
	key   string
	value any
}

// values draws what a document may hold: nil, bool, int32, float32, string, []any and []member.
func values(depth int) *rapid.Generator[any] {
	leaf := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int32().AsAny(),
		rapid.Float32().AsAny(),
		rapid.String().AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaf...)
	}
	inner := values(depth - 1)
	array := rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(inner, 0, 4).Draw(t, "array") })
	numbers := rapid.Custom(func(t *rapid.T) any {
		a := []any{}
		for range rapid.IntRange(0, 5).Draw(t, "numbers") {
			a = append(a, rapid.Int32().Draw(t, "number"))
		}
		return a
	})
	object := rapid.Custom(func(t *rapid.T) any {
		o := []member{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			o = append(o, member{rapid.String().Draw(t, "key"), inner.Draw(t, "value")})
		}
		return o
	})
	return rapid.OneOf(append(leaf, array, object, numbers)...)
}

// toJSON appends a value with spaces wherever they may stand.
func toJSON(t *rapid.T, b []byte, v any) []byte {
	space := func(b []byte) []byte {
		return append(b, rapid.SampledFrom([]string{"", "", " ", "\n\t\r"}).Draw(t, "space")...)
	}
	b = space(b)
	switch v := v.(type) {
	case []any:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = toJSON(t, b, x)
		}
		b = append(space(b), ']')
	case []member:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(toJSON(t, b, m.key), ':')
			b = toJSON(t, b, m.value)
		}
		b = append(space(b), '}')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, text...)
	}
	return space(b)
}

// toUBJSON appends a value in one of the forms that it may have.
func toUBJSON(t *rapid.T, b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 'Z')
	case bool:
		if v {
			return append(b, 'T')
		}
		return append(b, 'F')
	case int32:
		if rapid.Bool().Draw(t, "wide") {
			return binary.BigEndian.AppendUint64(append(b, 'L'), uint64(int64(v)))
		}
		return binary.BigEndian.AppendUint32(append(b, 'l'), uint32(v))
	case float32:
		if rapid.Bool().Draw(t, "double") {
			return binary.BigEndian.AppendUint64(append(b, 'D'), math.Float64bits(float64(v)))
		}
		return binary.BigEndian.AppendUint32(append(b, 'd'), math.Float32bits(v))
	case string:
		return append(withLength(t, append(b, 'S'), len(v)), v...)
	case []any:
		if isWhole(v) && rapid.Bool().Draw(t, "typed") {
			b = withLength(t, append(b, "[$l#"...), len(v))
			for _, x := range v {
				b = binary.BigEndian.AppendUint32(b, uint32(x.(int32)))
			}
			return b
		}
		return withBrackets(t, b, "[]", len(v), func(b []byte, i int) []byte { return toUBJSON(t, b, v[i]) })
	case []member:
		return withBrackets(t, b, "{}", len(v), func(b []byte, i int) []byte {
			b = append(withLength(t, b, len(v[i].key)), v[i].key...)
			return toUBJSON(t, b, v[i].value)
		})
	}
	t.Fatalf("%T", v)
	return nil
}

// withLength appends a length as a number of any type that can hold it.
func withLength(t *rapid.T, b []byte, n int) []byte {
	first := 0
	switch {
	case n > math.MaxUint8:
		first = 2
	case n > math.MaxInt8:
		first = 1
	}
	switch mark := "iUIlL"[rapid.IntRange(first, 4).Draw(t, "length")]; mark {
	case 'i', 'U':
		return append(b, mark, byte(n))
	case 'I':
		return binary.BigEndian.AppendUint16(append(b, mark), uint16(n))
	case 'l':
		return binary.BigEndian.AppendUint32(append(b, mark), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, mark), uint64(n))
	}
}

// withBrackets appends a container of n elements, with a count or with a mark at its end.
func withBrackets(t *rapid.T, b []byte, marks string, n int, element func([]byte, int) []byte) []byte {
	b = append(b, marks[0])
	counted := rapid.Bool().Draw(t, "counted")
	if counted {
		b = withLength(t, append(b, '#'), n)
	}
	for i := range n {
		b = element(b, i)
	}
	if counted {
		return b
	}
	return append(b, marks[1])
}

// isWhole reports whether an array has whole numbers alone.
func isWhole(v []any) bool {
	for _, x := range v {
		if _, ok := x.(int32); !ok {
			return false
		}
	}
	return len(v) > 0
}

// readAs reads the next value, of the same kinds as want, and skips some of it.
func readAs(t *rapid.T, r Reader, want any) any {
	if rapid.IntRange(0, 9).Draw(t, "skip") == 0 {
		if err := r.Skip(); err != nil {
			t.Fatal(err)
		}
		return want
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	kind, err := r.Kind()
	must(err)
	switch want := want.(type) {
	case nil:
		must(r.Skip())
		if kind != Null {
			t.Fatalf("%v in place of null", kind)
		}
		return nil
	case bool:
		v, err := r.Flag()
		must(err)
		return v
	case int32:
		v, err := r.Int32()
		must(err)
		return v
	case float32:
		v, err := r.Float32()
		must(err)
		return v
	case string:
		v, err := r.Text()
		must(err)
		return v
	case []any:
		return readArray(t, r, want)
	case []member:
		must(r.Open(Object))
		got := []member{}
		for {
			key, ok, err := r.Key()
			must(err)
			if !ok {
				return got
			}
			m := member{key: string(key)}
			if len(got) == len(want) {
				t.Fatalf("the key %q too much", key)
			}
			m.value = readAs(t, r, want[len(got)].value)
			got = append(got, m)
		}
	}
	t.Fatalf("%T", want)
	return nil
}

func readArray(t *rapid.T, r Reader, want []any) any {
	got := []any{}
	if isWhole(want) && rapid.Bool().Draw(t, "at once") {
		numbers, err := r.Int32s(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range numbers {
			got = append(got, n)
		}
		return got
	}
	if err := r.Open(Array); err != nil {
		t.Fatal(err)
	}
	for {
		ok, err := r.More()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		if len(got) == len(want) {
			t.Fatal("an element too much")
		}
		got = append(got, readAs(t, r, want[len(got)]))
	}
}

// What is written in either format, in any of its forms, is read again.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := values(3).Draw(t, "value")
		var r Reader
		if rapid.Bool().Draw(t, "ubjson") {
			r = &ubjsonReader{data: toUBJSON(t, nil, want)}
		} else {
			r = &jsonReader{data: toJSON(t, nil, want)}
		}
		got := readAs(t, r, want)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read %v", got)
		}
	})
}
