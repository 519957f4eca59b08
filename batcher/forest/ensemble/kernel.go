package ensemble

import (
	"fmt"
	"sync/atomic"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/kernel"
)

// Kernel is what many rows are scored with at once. A row has the same bits with each.
type Kernel uint8

const (
	Auto     Kernel = iota // what [UseKernel] said, or else the fastest that the processor can run
	Portable               // the walk, on every processor
	AVX2                   // 64 rows at once on amd64 with AVX2; what does not fit is left to the walk

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
	if _, err := k.resolve(); err != nil {
		return err
	}
	automatic.Store(uint32(k))
	return nil
}

// resolve returns the kernel that k stands for.
func (k Kernel) resolve() (Kernel, error) {
	if k == Auto {
		k = Kernel(automatic.Load())
	}
	switch {
	case k == Auto && kernel.AVX2:
		return AVX2, nil
	case k == Auto:
		return Portable, nil
	case k == AVX2 && !kernel.AVX2:
		return k, fmt.Errorf("the kernel avx2 needs amd64 with AVX2 and BMI1, which this processor or its system does not have: use auto or portable")
	}
	return k, nil
}

// Kernel returns what many rows are scored with: Portable if no tree fits another kernel.
func (m *Model) Kernel() Kernel {
	if m.vectors == nil {
		return Portable
	}
	return m.config.Kernel
}
