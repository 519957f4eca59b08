package marks

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// AVX2 reports whether this processor and its system can run the kernels.
var AVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// The assembly knows these places: gen/rank.go names them.
var (
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.table)-0]
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.count)-24]
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.base)-28]
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.rule)-32]
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.feature)-44]
	_ = [1]struct{}{}[unsafe.Offsetof(Splits{}.column)-48]
	_ = [1]struct{}{}[unsafe.Sizeof(Splits{})-56]
)
