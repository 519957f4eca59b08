package uring

// Set-up flags that [New] may choose, as [Ring.Flags] reports them.
const (
	SetupCQSize       = 1 << 3  // the application sizes the completion queue
	SetupSubmitAll    = 1 << 7  // a failed entry does not stop the ones after it; Linux 5.18
	SetupCoopTaskrun  = 1 << 8  // completions wait for the next system call and interrupt nothing; Linux 5.19
	SetupTaskrunFlag  = 1 << 9  // the kernel sets a flag in shared memory when completions wait; Linux 5.19
	SetupSingleIssuer = 1 << 12 // one thread submits; Linux 6.0
	SetupDeferTaskrun = 1 << 13 // completions wait for a call that asks for them; Linux 6.1
	SetupNoSQArray    = 1 << 16 // no array of indices between the queue and its entries; Linux 6.6
)

// Features of the kernel, as [Ring.Features] reports them.
const (
	FeatSingleMmap   = 1 << 0  // both queues share one mapping
	FeatNoDrop       = 1 << 1  // a full completion queue overflows and loses nothing
	FeatSubmitStable = 1 << 2  // the kernel has read timespecs and other arguments when Submit returns
	FeatFastPoll     = 1 << 5  // the kernel polls sockets instead of blocking a worker thread on them
	FeatExtArg       = 1 << 8  // a wait can time out without a timeout operation
	FeatCQESkip      = 1 << 11 // SQECQESkipSuccess works
	FeatNoIOWait     = 1 << 17 // a wait need not count as waiting for a disk; Linux 6.15
)

// Flags of an entry, for SQE.Flags.
const (
	SQEFixedFile      = 1 << 0 // FD is an index of a registered file
	SQEIODrain        = 1 << 1 // the entry starts when all entries before it have completed
	SQEIOLink         = 1 << 2 // the next entry starts when this one has succeeded
	SQEIOHardlink     = 1 << 3 // the next entry starts when this one has completed
	SQEAsync          = 1 << 4 // the kernel hands the operation to a worker thread at once
	SQEBufferSelect   = 1 << 5 // the kernel picks a buffer of BufGroup
	SQECQESkipSuccess = 1 << 6 // the operation completes only if it fails
)

// Flags of a completion, in CQE.Flags. The methods of [CQE] read them.
const (
	CQEBuffer       = 1 << 0 // the upper 16 bits are the buffer's ID
	CQEMore         = 1 << 1 // the operation will complete again
	CQESockNonEmpty = 1 << 2 // the socket holds more data than this receive took
	CQENotif        = 1 << 3 // a zero-copy send gives its memory back
)

const cqeBufferShift = 16 // IORING_CQE_BUFFER_SHIFT

// Flags of single operations. The flags of accept, receive and send belong in
// SQE.IOPrio; the others are arguments of Prepare methods.
const (
	AcceptMultishot   = 1 << 0 // one completion for each connection
	RecvSendPollFirst = 1 << 0 // wait for readiness before the first attempt
	RecvMultishot     = 1 << 1 // one completion for each buffer filled

	AsyncCancelAll      = 1 << 0 // cancel every match, not only the first
	AsyncCancelFD       = 1 << 1 // match the descriptor, not the user data
	AsyncCancelAny      = 1 << 2 // match everything
	AsyncCancelFDFixed  = 1 << 3 // the descriptor is an index of a registered file
	AsyncCancelUserData = 1 << 4 // match the user data, the default
	AsyncCancelOp       = 1 << 5 // match the opcode

	TimeoutAbs          = 1 << 0 // the timespec is a point in time
	TimeoutBoottime     = 1 << 2 // CLOCK_BOOTTIME
	TimeoutRealtime     = 1 << 3 // CLOCK_REALTIME
	TimeoutETIMESuccess = 1 << 5 // expiry does not break a link
	TimeoutMultishot    = 1 << 6 // the timeout fires count times, or for ever if count is 0; Linux 6.4
)

// Flags of the system calls themselves.
const (
	enterGetEvents      = 1 << 0
	enterExtArg         = 1 << 3
	enterRegisteredRing = 1 << 4
	enterNoIOWait       = 1 << 7

	sqCQOverflow = 1 << 1
	sqTaskrun    = 1 << 2

	offsetRings = 0
	offsetSQEs  = 0x10000000

	registerProbe             = 8
	registerRingFDs           = 20
	unregisterRingFDs         = 21
	registerProvidedBuffers   = 22
	unregisterProvidedBuffers = 23
)
