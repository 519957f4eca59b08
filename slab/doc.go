// Package slab stores values of one type in a fixed number of slots and names
// them by keys that can go stale but never point to the wrong value.
//
// A [Key] holds a slot's index and generation, and fits with an operation code
// in the 64 bits of user_data that io_uring or epoll carry. When the value is
// removed the slot's generation is bumped; a completion that arrives late
// finds nothing, where a bare index would have found the slot's next tenant.
//
// # Ownership
//
// One goroutine at a time uses a Slab. Values live in their slots from Insert
// to Remove and never move, so a *T may be kept that long. Remove zeroes the
// slot: what the value pointed to is free for the collector.
//
// # Invariants
//
// A Key resolves from the Insert that issued it to its Remove, and at no other
// time. Generations do not wrap: the slot whose 2^32-1 generations are used
// up is retired for good, after which Insert fails one value sooner. Cap stays
// what it was. (At one occupancy a microsecond of one and the same slot that
// takes 71 minutes; at a thousand a second, 49 days. Vacant slots are reused
// last in, first out, so a slab that runs near empty does wear a single slot
// first, and has all the others after it.)
//
// # Cost
//
// Insert, Get and Remove are O(1) and never allocate; Get is one bound check
// and one comparison. A slot is the value and 8 bytes of key, plus 4 bytes of
// free list.
package slab
