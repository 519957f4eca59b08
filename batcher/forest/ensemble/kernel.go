package ensemble

import (
	"fmt"
	"sync/atomic"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
)

// Kernel is what rows are scored with. A row has the same bits with each.
type Kernel uint8

const (
	Auto     Kernel = iota // what [UseKernel] said, or else the fastest for the rows at hand
	Portable               // the walk, on every processor
	AVX2                   // up to 64 rows at once, on amd64 with AVX2; trees that do not fit are walked

	twin // the algorithm of AVX2 without its instructions: for tests
)

var kernelNames = [...]string{"auto", "portable", "avx2", "twin"}

// String returns the name that ParseKernel takes.
func (k Kernel) String() string { return kernelNames[k] }

// ParseKernel returns the kernel with a name.
func ParseKernel(name string) (Kernel, error) {
	for k := range twin {
		if k.String() == name {
			return k, nil
		}
	}
	return Auto, fmt.Errorf("there is no kernel %q: auto, portable or avx2 is allowed", name)
}

var automatic atomic.Uint32 // a Kernel

// UseKernel says what Auto means for the models that are built from now on. It fails if this
// processor cannot run the kernel.
func UseKernel(k Kernel) error {
	if _, _, err := k.resolve(); err != nil {
		return err
	}
	automatic.Store(uint32(k))
	return nil
}

// resolve returns the kernel that k stands for, and whether the walk is to score rows that it is faster
// for.
func (k Kernel) resolve() (is Kernel, mixed bool, err error) {
	if k == Auto {
		k = Kernel(automatic.Load())
	}
	switch {
	case k == Auto && marks.AVX2:
		return AVX2, true, nil
	case k == Auto:
		return Portable, false, nil
	case k == AVX2 && !marks.AVX2:
		return k, false, fmt.Errorf("the kernel avx2 needs amd64 with AVX2 and BMI1, which this processor or its system does not have: use auto or portable")
	}
	return k, false, nil
}

// Kernel returns what many rows are scored with: Portable if no tree fits another kernel.
func (m *Model) Kernel() Kernel {
	if m.vectors == nil {
		return Portable
	}
	return m.config.Kernel
}
