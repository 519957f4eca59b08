//go:build !amd64

package marks

// AVX2 reports whether this processor and its system can run the kernels.
const AVX2 = false

// A tile that uses these functions cannot be made: NewTile panics.
const missing = "marks: this processor has no AVX2"

func transpose(*float32, *float32, int, int)                      { panic(missing) }
func rank(*byte, *float32, *[]int32, int, int, int)               { panic(missing) }
func clear64(*uint32, *byte, *byte)                               { panic(missing) }
func clear32(*uint32, *byte, *byte)                               { panic(missing) }
func lowest64(*uint32, int, *byte)                                { panic(missing) }
func lowest32(*uint32, int, *byte)                                { panic(missing) }
func addDouble(*uint32, int, *byte, *float64, *float64, int)      { panic(missing) }
func addSingle(*uint32, int, *byte, *float32, *float32, int)      { panic(missing) }
func spread(*byte, int)                                           { panic(missing) }
func addEightDouble(*uint32, int, *byte, *float64, *float64)      { panic(missing) }
func addEightSingle(*uint32, int, *byte, *float32, *float32)      { panic(missing) }
func index64(*uint32, int, *byte, *byte)                          { panic(missing) }
func index32(*uint32, int, *byte, *byte)                          { panic(missing) }
func index8(*uint32, int, *byte, *byte)                           { panic(missing) }
func rankRow(*byte, *float32, *[]int32, int)                      { panic(missing) }
func addRowDouble(*uint32, *byte, int, *byte, *float64, *float64) { panic(missing) }
func addRowSingle(*uint32, *byte, int, *byte, *float32, *float32) { panic(missing) }
