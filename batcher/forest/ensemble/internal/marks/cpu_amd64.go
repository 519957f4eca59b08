package marks

import "unsafe"

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
