package ensemble

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestKernelNames: each kernel of the command line is parsed from its name.
func TestKernelNames(t *testing.T) {
	for k := range twin {
		if got, err := ParseKernel(k.String()); got != k || err != nil {
			t.Errorf("%q is the kernel %v, %v", k.String(), got, err)
		}
	}
	for _, name := range []string{"", "AVX2", "avx", "twin"} {
		if k, err := ParseKernel(name); err == nil {
			t.Errorf("%q is the kernel %v", name, k)
		}
	}
}

// TestUseKernel: Auto is what UseKernel said, and a model's own choice goes first.
func TestUseKernel(t *testing.T) {
	t.Cleanup(func() { automatic.Store(uint32(Auto)) })
	if err := UseKernel(Portable); err != nil {
		t.Fatal(err)
	}
	for own, want := range map[Kernel]Kernel{Auto: Portable, twin: twin} {
		if got := withKernel(t, own, 10, 31).Kernel(); got != want {
			t.Errorf("a model with the kernel %v has %v, want %v", own, got, want)
		}
	}
	if err := UseKernel(AVX2); (err == nil) != slices.Contains(kernels(), AVX2) {
		t.Errorf("AVX2: %v", err)
	}
}

// TestKernelFits: a model has a vector kernel if it has trees that fit, unless it has too many columns.
func TestKernelFits(t *testing.T) {
	large := slices.Repeat([]int{256}, 40)
	for _, c := range []struct {
		dim    int
		leaves []int
		want   Kernel
	}{
		{1, []int{1}, twin},
		{1, []int{31, 31, 31}, twin},
		{20, []int{256, 256}, twin},
		{20, []int{257, 257}, Portable},
		{20, []int{257, 31, 257}, twin},
		{3000, large, twin},
		{3000, append([]int{257}, large...), Portable}, // the walk of one tree needs room for too many columns
		{6000, large, Portable},                        // too many columns for the ranks
	} {
		if got := withKernel(t, twin, c.dim, c.leaves...).Kernel(); got != c.want {
			t.Errorf("trees of %v leaves, %d features: the kernel is %v, want %v", c.leaves, c.dim, got, c.want)
		}
	}
}

// TestVectorBytes: a model with a vector kernel says that it takes more memory, and not much more.
func TestVectorBytes(t *testing.T) {
	leaves := 31 * 500
	trees := slices.Repeat([]int{31}, 500)
	portable, vector := withKernel(t, Portable, 128, trees...).Bytes(), withKernel(t, twin, 128, trees...).Bytes()
	if vector-portable < 20*leaves || vector-portable > 48*leaves {
		t.Errorf("%d bytes, and %d with vectors", portable, vector)
	}
}

// withKernel returns a model of trees with so many leaves.
func withKernel(t *testing.T, k Kernel, dim int, leaves ...int) *Model {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	c := Config{Dim: dim, Groups: 1, Output: wire.Raw, Kernel: k}
	b, err := NewBuilder(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range leaves {
		tree := anyTree(r, &c, count, false)
		tree.Linear = nil
		for i := range tree.Nodes {
			tree.Nodes[i] = Node{Feature: r.IntN(dim), Threshold: float32(r.NormFloat64()), Left: tree.Nodes[i].Left, Right: tree.Nodes[i].Right}
		}
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}
