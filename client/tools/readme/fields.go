package readme

import (
	"reflect"
	"strings"
)

// Fields lists the names that v, a struct, has in JSON, for a page: one paragraph. The names of a
// struct inside follow its own with a dot, and those of the elements of a list with [] before the
// dot. The fields of an embedded pointer are the struct's own.
func Fields(v any) string {
	return breakLines("`"+strings.Join(fields("", reflect.TypeOf(v)), "`, `")+"`") + "\n"
}

func fields(prefix string, t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Pointer {
			names = append(names, fields(prefix, f.Type.Elem())...)
			continue
		}
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		name = prefix + name
		of := t.Field(i).Type
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			if of.Kind() == reflect.Slice {
				name += "[]"
			}
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct {
			names = append(names, fields(name+".", of)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// breakLines breaks a paragraph into lines of at most 118 bytes.
func breakLines(text string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
		case column+1+len(word) > 118:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		column += len(word)
		b.WriteString(word)
	}
	return b.String()
}
