//go:build !amd64

package marks

// A tile that uses these functions cannot be made: NewTiles panics.
const missing = "marks: this processor has no AVX2"

func transpose(*float32, *float32, int, int)                                      { panic(missing) }
func rank(*byte, *float32, *[]int32, int, int, int)                               { panic(missing) }
func clear64(*uint32, *byte, *byte)                                               { panic(missing) }
func clear32(*uint32, *byte, *byte)                                               { panic(missing) }
func lowest64(*uint32, int, *byte)                                                { panic(missing) }
func lowest32(*uint32, int, *byte)                                                { panic(missing) }
func addDouble(*uint32, int, *byte, *float64, *float64, int)                      { panic(missing) }
func addSingle(*uint32, int, *byte, *float32, *float32, int)                      { panic(missing) }
func spread(*byte, int)                                                           { panic(missing) }
func addEightDouble(*uint32, int, *byte, *float64, *float64)                      { panic(missing) }
func addEightSingle(*uint32, int, *byte, *float32, *float32)                      { panic(missing) }
func index64(*uint32, int, *byte, *byte)                                          { panic(missing) }
func index32(*uint32, int, *byte, *byte)                                          { panic(missing) }
func index8(*uint32, int, *byte, *byte)                                           { panic(missing) }
func rankRow(*byte, *float32, *[]int32, int)                                      { panic(missing) }
func addRowDouble(*uint32, *byte, int, *byte, *float64, *float64)                 { panic(missing) }
func addRowSingle(*uint32, *byte, int, *byte, *float32, *float32)                 { panic(missing) }
func loneDouble(*uint32, *uint32, *uint32, int, *byte, *float64, *float64)        { panic(missing) }
func loneDouble512(*uint32, *uint32, *uint32, int, *byte, *float64, *float64)     { panic(missing) }
func loneManyDouble512(*uint32, *uint32, *uint32, int, *byte, *float64, *float64) { panic(missing) }
func fanDouble512(*uint32, int, *byte, *uint32, *byte, *float64, *float64)        { panic(missing) }
func loneSingle(*uint32, *uint32, *uint32, int, *byte, *float32, *float32)        { panic(missing) }
func loneSingle512(*uint32, *uint32, *uint32, int, *byte, *float32, *float32)     { panic(missing) }
func loneManySingle512(*uint32, *uint32, *uint32, int, *byte, *float32, *float32) { panic(missing) }
func fanSingle512(*uint32, int, *byte, *uint32, *byte, *float32, *float32)        { panic(missing) }
func clear32AVX512(*uint32, *byte, *byte)                                         { panic(missing) }
func clear64AVX512(*uint32, *byte, *byte)                                         { panic(missing) }
func walkRows(*uint64, *int32, int, int, int, int, *uint64, int, *uint32)         { panic(missing) }
func walkTrees(*uint64, *uint32, *int32, int, *uint32)                            { panic(missing) }
func walkRow(*uint64, *uint32, *int32, int, *uint32)                              { panic(missing) }
