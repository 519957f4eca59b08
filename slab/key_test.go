package slab_test

import (
	"math"
	"testing"

	"github.com/disrust/disrust/slab"
	"pgregory.net/rapid"
)

func TestKeyLayout(t *testing.T) {
	k := slab.Key(0x00_89abcdef_012345)
	if k.Index() != 0x012345 || k.Generation() != 0x89abcdef {
		t.Errorf("index %#x, generation %#x", k.Index(), k.Generation())
	}
	if got := k.Pack(0xfe); got != 0xfe_89abcdef_012345 {
		t.Errorf("packed %#x", got)
	}
	s := newSlab[int](t, 1)
	if first := mustInsert(t, s, 0); first != 1<<24 {
		t.Errorf("the first key is %#x", first)
	}
}

func TestUnpackIsTheInverseOfPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := slab.Key(rapid.Uint64Max(1<<56-1).Draw(t, "key"))
		op := rapid.Uint8().Draw(t, "op")
		if gotKey, gotOp := slab.Unpack(k.Pack(op)); gotKey != k || gotOp != op {
			t.Fatalf("%#x, %d became %#x, %d", k, op, gotKey, gotOp)
		}
		userData := rapid.Uint64().Draw(t, "userData")
		if k, op := slab.Unpack(userData); k.Pack(op) != userData {
			t.Fatalf("%#x became %#x", userData, k.Pack(op))
		}
	})
}

func TestUnpackAcceptsAnything(t *testing.T) {
	k, op := slab.Unpack(math.MaxUint64)
	if k != 1<<56-1 || op != 0xff {
		t.Errorf("%#x, %#x", k, op)
	}
	if s := newSlab[int](t, 1); s.Get(k) != nil {
		t.Error("a key that was never issued resolves")
	}
}
