package kernel

import "golang.org/x/sys/cpu"

// AVX2 reports whether this processor and its system can run the kernels.
var AVX2 = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT
