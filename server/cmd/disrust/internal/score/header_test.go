package score

import (
	"strings"
	"testing"
)

// TestGuess: what a first line is, and what may be two things.
func TestGuess(t *testing.T) {
	for _, c := range []struct {
		record, names string
		want          headerMode
		refused       string // words of the refusal; "": none
	}{
		{"a,b", "a,b", headerNames, ""},
		{"b,id,a", "a,b", headerNames, ""},
		{"1,2", "a,b", headerNone, ""},
		{",2", "a,b", headerNone, ""},
		{"0,1", "a,b", 0, "pandas"},
		{"1,0", "0,1", 0, "--header names"},
		{",0,1", "a,b,c", 0, "index=False"},
		{"1_0,2", "a,b", headerNames, ""},
	} {
		mode, err := guess(strings.Split(c.record, ","), strings.Split(c.names, ","))
		if c.refused == "" && (err != nil || mode != c.want) || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s of %s: %v, %v", c.record, c.names, mode, err)
		}
	}
}

// TestSpacedNames: a model's name with a space in front is that of the training's file, whose header
// has the same space.
func TestSpacedNames(t *testing.T) {
	var c columns
	if isHeader, err := c.read([]string{"age", " income"}, headerAuto, []string{" income", "age"}, 2); !isHeader || err != nil || c.features[0] != 1 || c.features[1] != 0 {
		t.Errorf("%v, %v, %v", isHeader, err, c.features)
	}
}

// TestLongNames: a name of many bytes is compared with nothing, and cut in the error.
func TestLongNames(t *testing.T) {
	var c columns
	long := strings.Repeat("x", 1<<20)
	if _, err := c.read([]string{long + "y"}, headerNames, []string{long}, 1); err == nil || len(err.Error()) > 300 {
		t.Errorf("%.300v", err)
	}
}

// TestNumberForms: decimals are numbers, and Go's other literals are not.
func TestNumberForms(t *testing.T) {
	for _, good := range []string{"1", "-1.5e3", "+.5", " 7 ", "inf", "-Infinity", "NaN", ""} {
		if _, err := number(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"1_0", "0x1p3", "2021_01", "1e39", "1,5", "a"} {
		if x, err := number(bad); err == nil {
			t.Errorf("%s is %v", bad, x)
		}
	}
}
