package drive

import (
	"strings"
	"testing"

	"github.com/disrust/disrust/wire"
)

func TestParseMix(t *testing.T) {
	for _, s := range []string{"1", "64", "1:70,8:25,64:5", "3:1,2:999"} {
		mix, err := ParseMix(s)
		if err != nil || mix.String() != s {
			t.Errorf("%q is read as %v, %v", s, mix, err)
		}
	}
	for s, want := range map[string]string{
		"":            "no mix",
		"many":        "no mix",
		"1,2":         "no mix",
		"1:":          "no mix",
		"1:2:3":       "no mix",
		"1:2,":        "no mix",
		"0":           "from 1",
		"-1:3":        "from 1",
		"1:0":         "weight from 1",
		"1:1001":      "weight from 1",
		"1:600,2:1,":  "no mix",
		"1:600,2:401": "weights is 1001",
		"5:1,5:2":     "given twice",
	} {
		if mix, err := ParseMix(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read as %v, %v; want an error with %q", s, mix, err, want)
		}
	}
}

func TestGenerateKeepsProportions(t *testing.T) {
	mix := Mix{{1, 70}, {8, 25}, {64, 5}}
	q, err := Generate(wire.Default, mix, 3)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[int]int)
	for _, r := range q.replies {
		counts[r.vectors]++
	}
	for _, share := range mix {
		if counts[share.Vectors]*100 != share.Weight*q.Count() {
			t.Errorf("%d of %d requests have %d vectors, want %d %%", counts[share.Vectors], q.Count(), share.Vectors, share.Weight)
		}
	}
}

// TestLargeRequestsShareAWrite: several requests of the default largest size fit in a write.
func TestLargeRequestsShareAWrite(t *testing.T) {
	q, err := Generate(wire.Default, Uniform(wire.Default.MaxVectors), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range q.Count() {
		if n, _, _ := q.run(i, 8); n != 7 {
			t.Errorf("from request %d on one write has %d", i+1, n)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, c := range []struct {
		f    wire.Format
		mix  Mix
		want string
	}{
		{wire.Default, Uniform(65), "up to 64"},
		{wire.Default, nil, "at least one size"},
		{wire.Format{}, Uniform(1), "dim"},
		{wire.Format{Dim: 1 << 15, Outputs: 1, MaxVectors: 100}, Mix{{100, 30}, {1, 1}}, "more than 1024 MiB"},
	} {
		if _, err := Generate(c.f, c.mix, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v %v: %v, want %q", c.f, c.mix, err, c.want)
		}
	}
	for _, rows := range []string{"", "123", "12345"} {
		if _, err := Replay(wire.Format{Dim: 1, Outputs: 1, MaxVectors: 1}, []byte(rows), Uniform(1), 0); err == nil {
			t.Errorf("%q was taken for rows", rows)
		}
	}
}
