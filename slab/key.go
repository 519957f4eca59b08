package slab

// Key names one occupancy of one slot: its index and the slot's generation.
// Remove raises the generation. So a Key in the user_data of an operation still
// in flight fails in Get instead of reaching the slot's next tenant.
//
// Bits 0 to 23 are the index. Bits 24 to 55 are the generation, which starts at
// 1. Bits 56 to 63 are zero: Pack puts an operation code there. Insert never
// issues the zero Key.
type Key uint64

// MaxCapacity is the largest number of slots whose indices fit a Key.
const MaxCapacity = 1 << indexBits

const (
	indexBits      = 24
	generationBits = 32
	keyBits        = indexBits + generationBits

	indexMask       Key = 1<<indexBits - 1
	keyLimit        Key = 1 << keyBits
	oneGeneration   Key = 1 << indexBits
	firstGeneration     = 1 * oneGeneration
)

// Index returns the index of the slot, 0 to Cap-1. A caller may use it to index
// arrays of its own that have an element for each slot.
func (k Key) Index() int { return int(k & indexMask) }

// Generation returns how often the slot has been occupied, this time included.
func (k Key) Generation() uint32 { return uint32(k >> indexBits) }

// Pack returns k with op in its highest byte, as user_data for a kernel operation.
// Unpack takes it apart.
func (k Key) Pack(op uint8) uint64 { return uint64(k) | uint64(op)<<keyBits }

// Unpack is the inverse of Pack. It accepts any number; if Insert never issued k,
// Get(k) returns nil.
func Unpack(userData uint64) (k Key, op uint8) {
	return Key(userData) & (keyLimit - 1), uint8(userData >> keyBits)
}
