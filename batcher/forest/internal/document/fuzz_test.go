package document

import (
	"testing"
)

// walk reads a whole document, with a method that fits each value, and counts its values.
func walk(r Reader) (n int, err error) {
	var open []Kind
	for {
		kind, err := r.Kind()
		if err != nil {
			return n, err
		}
		n++
		switch kind {
		case Object, Array:
			err = r.Open(kind)
			open = append(open, kind)
		case String:
			_, err = r.Text()
		case Number:
			_, err = r.Float32()
		default:
			err = r.Skip()
		}
		if err != nil {
			return n, err
		}
		for more := false; !more; {
			if len(open) == 0 {
				return n, r.Close()
			}
			if open[len(open)-1] == Array {
				more, err = r.More()
			} else {
				_, more, err = r.Key()
			}
			if err != nil {
				return n, err
			}
			if !more {
				open = open[:len(open)-1]
			}
		}
	}
}

// FuzzReader reads anything as both formats. What can be read can be skipped, and there are
// never more values than bytes.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e-3,-0,NaN,-Infinity],"b\u00e9\n":{"c":null,"d":[true,false,[]]}}`,
		"{i\x01a[$d#L\x00\x00\x00\x00\x00\x00\x00\x01\x3f\x80\x00\x00i\x01bS\x55\x02hi}",
		"{#i\x02i\x01a[#U\x02TFi\x01b[$I#i\x02\x00\x01\x00\x02",
		"{$U#i\x01i\x01aU", "[[[[[[]]]]]]", "{", "[$d#L\x10\x00\x00\x00\x00\x00\x00\x00",
		"[NNZNC!d\x7f\xc0\x00\x00D\x7f\xf0\x00\x00\x00\x00\x00\x00]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, fresh := range []func() Reader{
			func() Reader { return &jsonReader{data: data} },
			func() Reader { return &ubjsonReader{data: data} },
		} {
			n, err := walk(fresh())
			if n > len(data)+1 {
				t.Errorf("%d values in %d bytes", n, len(data))
			}
			r := fresh()
			skipped := r.Skip()
			if err == nil && (skipped != nil || r.Close() != nil) {
				t.Errorf("%q can be read but not skipped: %v", data, skipped)
			}
			if _, err := fresh().Float32s(nil); err == nil && skipped != nil {
				t.Errorf("%q are numbers that cannot be skipped: %v", data, skipped)
			}
		}
	})
}
