// Package ringbuf passes values between goroutines through disruptor rings. A
// ring is a fixed array of slots. Producers claim slots, fill them and publish
// them; one consumer polls them, reads them and releases them.
//
//	producer:  Claim -> write slots -> Publish
//	consumer:  Wait -> Poll -> read slots -> Release
//
// NewSPSC makes a ring for one producer, NewMPSC a ring for any number of
// producers. Every call takes a run of adjacent slots: to claim, publish, poll
// or release sixty-four slots costs as much as one.
//
// # Ownership
//
// A slot belongs to the producer from the Claim that took it to the Publish
// that covers it, and to the consumer from the Poll that returned it to the
// Release that frees it. Only the owner may touch it. The ring never zeroes a
// slot: a slot that holds pointers keeps what they point to alive until a
// producer writes the slot again.
//
// A Producer or Consumer handle belongs to one goroutine at a time. The methods
// of Ring may be called from any goroutine.
//
// # Order
//
// Producers claim sequences without gaps, and the consumer polls them in order:
// the ring is a FIFO of claims, hence FIFO for each producer. A run that is
// published early becomes visible only after all runs claimed before it. After
// Poll has returned a slot, the consumer sees what the producer wrote there
// before Publish. The consumer's reads before Release come before any producer
// can claim the slot again.
//
// # Full, empty, closed
//
// Claim never waits: ok == false means that the ring has too few free slots or
// is closed. Poll never waits: count == 0 means that nothing is published. Only
// Wait waits, in the way that the ring's WaitStrategy chooses. A producer must
// publish every claim, even after Close; the consumer sees every claimed slot
// before Wait returns false.
//
// A call whose arguments break the contract panics with the prefix "ringbuf: ".
// The package does not check which slots a goroutine touches.
//
// # Sleep and wake
//
// A consumer that is about to sleep announces this and then checks the ring
// again. A producer publishes and then checks for an announcement. This is
// Dekker's handshake: Go's atomics are sequentially consistent (The Go Memory
// Model, 6 June 2022), so at least one of the two sees the other's store, and no
// wake-up is lost. While the consumer is awake, the handshake costs a producer
// one load. However many producers see an announcement, at most one of them
// calls Wake.
//
// # Cost
//
// After construction only the handles are allocated. Claim is one
// compare-and-swap, Publish one atomic store and one load, Poll one load per
// published run, Release one atomic store. Each producer caches the consumer's
// position and loads it again only when the cached value says that the ring is
// full.
//
// The design is the LMAX disruptor's (Thompson, Farley, Barker, Gee and
// Stewart, 2011) with availability kept per run instead of per slot.
package ringbuf
