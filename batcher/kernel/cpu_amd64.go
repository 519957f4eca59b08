package kernel

import "golang.org/x/sys/cpu"

// lacks says what k needs and this processor, or its system, lacks; "": nothing.
func lacks(k Kind) string {
	x := &cpu.X86
	if k >= AVX2 && !(x.HasAVX2 && x.HasFMA && x.HasBMI1) {
		return "AVX2, FMA and BMI1"
	}
	if k >= AVX512 && !(x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VBMI) {
		return "AVX-512 F, BW, DQ, VL and VBMI"
	}
	return ""
}
