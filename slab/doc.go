// Package slab stores values of one type in a fixed number of slots. It names
// each value by a key that can go stale but never leads to another value.
//
// A [Key] holds a slot's index and generation. Together with an operation code it
// fits in the 64 bits of user_data that io_uring or epoll carry. Removing a value
// raises the slot's generation. A completion that arrives late then finds
// nothing; a bare index would lead it to the slot's next tenant.
//
// # Ownership
//
// One goroutine at a time uses a Slab. Values stay in their slots from Insert to
// Remove and never move, so a *T may be kept that long. Remove zeroes the slot,
// so that the garbage collector can free what the value pointed to.
//
// # Invariants
//
// A Key resolves from the Insert that issued it to its Remove, and at no other
// time.
//
// Generations do not wrap. A slot that has used up its 2^32-1 generations is
// retired for good: the slab then holds one value fewer, and Cap does not change.
// If one slot is occupied anew every microsecond this takes 71 minutes, at a
// thousand times per second 49 days. Vacant slots are reused last in, first out,
// so a slab that is nearly empty uses up a single slot first, and then the
// others.
//
// # Cost
//
// Insert, Get and Remove are O(1) and never allocate. Get makes one bounds check
// and one comparison. A slot takes the size of the value, 8 bytes for the key and
// 4 bytes in the free list.
package slab
