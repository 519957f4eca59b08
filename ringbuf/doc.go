// Package ringbuf passes values between goroutines through disruptor rings:
// fixed arrays of slots that producers claim, fill and publish, and that one
// consumer polls, reads and releases.
//
//	producer:  Claim -> write slots -> Publish
//	consumer:  Wait -> Poll -> read slots -> Release
//
// NewSPSC makes a ring for one producer, NewMPSC one for any number of them.
// Both take slots in runs: claiming, publishing, polling and releasing cost
// the same for sixty-four slots as for one.
//
// # Ownership
//
// A slot belongs to the producer from the Claim that took it to the Publish
// that covers it, and to the consumer from the Poll that returned it to the
// Release that frees it. Only the owner may touch it. Slots are reused as they
// are, never zeroed: a slot holding pointers keeps what they point to alive
// until it is written again.
//
// A Producer or Consumer handle belongs to one goroutine at a time. Ring's own
// methods may be called from any goroutine.
//
// # Order
//
// Sequences are claimed without gaps and polled in order: the ring is a FIFO
// of claims, hence FIFO for each producer. A run published early waits for
// the runs claimed before it. What a producer wrote before Publish is seen
// after the Poll that returns it; what the consumer read before Release is
// read before any producer can claim the slot again.
//
// # Full, empty, closed
//
// Claim never waits: ok == false says the slots would pass the consumer, or
// the ring is closed. Poll never waits: count == 0 says nothing is published.
// Only Wait waits, as the ring's WaitStrategy says. Every claim is published,
// also after Close; the consumer sees all of it before Wait returns false.
//
// A call whose arguments break the contract panics with the prefix "ringbuf: ".
// Which slots a goroutine touches is not checked.
//
// # Sleep and wake
//
// A consumer about to sleep announces it and looks again; a producer publishes
// and then looks for an announcement. This is Dekker's handshake: Go's atomics
// are sequentially consistent (The Go Memory Model, 6 June 2022), so at least
// one of the two sees the other and no wake-up is lost. A producer pays one
// load for it while the consumer is awake, and an announcement is answered by
// at most one Wake, however many producers see it.
//
// # Cost
//
// Nothing is allocated after construction except handles. Claim is one
// compare-and-swap, Publish one atomic store and one load, Poll one load a
// published run, Release one atomic store. The consumer's position is cached
// by each producer and read again only when the ring looks full.
//
// The design is the LMAX disruptor's (Thompson, Farley, Barker, Gee and
// Stewart, 2011) with availability kept per run instead of per slot.
package ringbuf
