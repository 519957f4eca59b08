package slab

// Key names one occupancy of one slot: its index and the slot's generation.
// Remove bumps the generation, so a Key left in the user_data of an operation
// still in flight fails in Get instead of reaching the slot's next tenant.
//
// Bits 0 to 23 are the index, bits 24 to 55 the generation, which starts at 1;
// bits 56 to 63 are zero, room for an operation code. The zero Key is never
// issued.
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

// Index is the slot's place, 0 to Cap-1: use it to address what lives beside
// the slab in arrays of its own.
func (k Key) Index() int { return int(k & indexMask) }

// Generation counts the slot's occupancies, this one included.
func (k Key) Generation() uint32 { return uint32(k >> indexBits) }

// Pack puts op into the byte that k leaves free: user_data for a kernel
// operation, taken apart by Unpack.
func (k Key) Pack(op uint8) uint64 { return uint64(k) | uint64(op)<<keyBits }

// Unpack is the inverse of Pack. It accepts any number: a Key that was never
// issued resolves to nothing.
func Unpack(userData uint64) (k Key, op uint8) {
	return Key(userData) & (keyLimit - 1), uint8(userData >> keyBits)
}
