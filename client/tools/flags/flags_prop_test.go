package flags_test

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"pgregory.net/rapid"
)

// vars are variables of all kinds.
type vars struct {
	N, P, S int
	D       time.Duration
	C       string
	T       bool
	F       string
	Seed    uint64
}

func initial() vars {
	return vars{N: 7, P: 64, S: 3 << 20, D: 90 * time.Second, C: "one", F: "file", Seed: 5}
}

func (v *vars) list() flags.List {
	return flags.List{
		flags.New("n", flags.Int(&v.N, -5, 99), "a number"),
		flags.New("p", flags.PowerOfTwo(&v.P, 2, 1024), "a power"),
		flags.New("s", flags.Scaled(&v.S, 1<<20, 1, 100), "a size"),
		flags.New("d", flags.Duration(&v.D, time.Millisecond, time.Hour), "a time"),
		flags.New("c", flags.Choice(&v.C, v.C, flags.Option[string]{"one", "one"}, flags.Option[string]{"two", "two"}), "a choice"),
		flags.New("t", flags.Toggle(&v.T), "a toggle"),
		flags.New("f", flags.File(&v.F), "a file"),
		flags.New("seed", flags.Seed(&v.Seed), "a seed"),
	}
}

// drawn is flags with values that are allowed, and what they set.
func drawn(t *rapid.T) (want vars, given map[string]string) {
	want = vars{
		N: rapid.IntRange(-5, 99).Draw(t, "n"), P: 1 << rapid.IntRange(1, 10).Draw(t, "p"),
		S: rapid.IntRange(1, 100).Draw(t, "s") << 20, D: time.Duration(rapid.Int64Range(1e6, 3600e9).Draw(t, "d")),
		C: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "c"), T: true,
		F: rapid.StringN(1, 9, -1).Draw(t, "f"), Seed: rapid.Uint64Min(1).Draw(t, "seed"),
	}
	given = map[string]string{
		"n": strconv.Itoa(want.N), "p": strconv.Itoa(want.P), "s": strconv.Itoa(want.S >> 20), "d": want.D.String(),
		"c": want.C, "t": "true", "f": want.F, "seed": strconv.FormatUint(want.Seed, 10),
	}
	return want, given
}

// TestAnyOrder: flags in any order and spelling, between words or not, set the same.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, values := drawn(t)
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"4", "9900", "-", "bench", ""}), 0, 3).Draw(t, "words")
		names := rapid.Permutation(slices.Sorted(maps.Keys(values))).Draw(t, "order")
		var args []string
		next := 0
		for _, name := range names {
			for next < len(words) && rapid.Bool().Draw(t, "word here") {
				args, next = append(args, words[next]), next+1
			}
			dashes := rapid.SampledFrom([]string{"-", "--"}).Draw(t, "dashes")
			switch {
			case name == "t" && rapid.Bool().Draw(t, "bare"):
				args = append(args, dashes+name)
			case name == "t" || rapid.Bool().Draw(t, "whole"):
				args = append(args, dashes+name+"="+values[name])
			default:
				args = append(args, dashes+name, values[name])
			}
		}
		args = append(args, words[next:]...)
		got := initial()
		line, err := got.list().Parse(args)
		if err != nil || got != want || !slices.Equal(line.Words, words) || len(line.Given) != len(values) {
			t.Fatalf("%q: %+v, %+v, %v; want %+v, %q", args, got, line, err, want, words)
		}
	})
}

// TestDefaultParsesBack: what help shows as the default sets just that.
func TestDefaultParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, _ := drawn(t)
		shown, got := want.list(), initial()
		list := got.list()
		for _, f := range shown {
			if value := f.Value.String(); value == "on" {
				got.T = true
			} else if err := list.Find(f.Name).Set(value); err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// TestRanges: a number is accepted just if it lies in the range, and what is refused
// changes nothing.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(-20, 120), rapid.SampledFrom([]int{-6, -5, 0, 1, 2, 64, 99, 100, 101, 1024, 2048}), rapid.Int()).Draw(t, "n")
		for name, allowed := range map[string]bool{
			"n": n >= -5 && n <= 99,
			"p": n >= 2 && n <= 1024 && bits.OnesCount(uint(n)) == 1,
			"s": n >= 1 && n <= 100,
		} {
			got := initial()
			_, err := got.list().Parse([]string{"--" + name, strconv.Itoa(n)})
			if (err == nil) != allowed || err != nil && got != initial() {
				t.Fatalf("--%s %d: %v, %+v", name, n, err, got)
			}
		}
		d := time.Duration(rapid.Int64Range(-1e7, 4e12).Draw(t, "d"))
		got := initial()
		_, err := got.list().Parse([]string{"--d", fmt.Sprint(d)})
		if allowed := d >= time.Millisecond && d <= time.Hour; (err == nil) != allowed {
			t.Fatalf("--d %v: %v", d, err)
		}
	})
}
