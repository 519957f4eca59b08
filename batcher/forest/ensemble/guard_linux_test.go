package ensemble

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns room for floats that ends where the process may not read.
func guarded(t *testing.T, count int) []float32 {
	t.Helper()
	page := os.Getpagesize()
	size := (4*count + page - 1) / page * page
	memory, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(memory[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&memory[size-4*count])), count)
}

// TestEndOfMemory: no kernel reads behind the last row, nor writes behind the last score. It would crash.
func TestEndOfMemory(t *testing.T) {
	const most, widest = 70, 20
	all, scores := guarded(t, most*(widest+1)), guarded(t, most)
	r := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels() {
		for _, dim := range []int{1, 7, 8, 9, 15, 16, 17, widest} {
			m := withKernel(t, k, dim, 20, 30, 100, 2, 2)
			s := m.newScorer()
			for count := 1; count <= most; count++ {
				stride := dim + r.IntN(2)
				size := (count-1)*stride + dim
				rows, out := all[len(all)-size:], scores[len(scores)-count:]
				if err := s.ScoreStrided(rows, dim, stride, out); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, count := range []int{1, 8, 9, 70} {
			m := withKernel(t, k, widest, fewLeaves+1, fewLeaves+40)
			if err := m.newScorer().Score(all[len(all)-count*widest:], widest, scores[most-count:]); err != nil {
				t.Fatal(err)
			}
		}
	}
}
