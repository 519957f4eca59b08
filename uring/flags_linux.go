package uring

// Set-up flags that [New] may choose, as [Ring.Flags] reports them.
const (
	SetupCQSize       = 1 << 3  // the application sizes the completion queue
	SetupSubmitAll    = 1 << 7  // a failed entry does not stop the ones after it; Linux 5.18
	SetupCoopTaskrun  = 1 << 8  // completions wait for a system call, no interrupt; Linux 5.19
	SetupTaskrunFlag  = 1 << 9  // the kernel shows in memory that completions wait; Linux 5.19
	SetupSingleIssuer = 1 << 12 // one thread submits; Linux 6.0
	SetupDeferTaskrun = 1 << 13 // completions wait for a call that asks for them; Linux 6.1
	SetupNoSQArray    = 1 << 16 // no indirection between queue and entries; Linux 6.6
)

// Features of the kernel, as [Ring.Features] reports them.
const (
	FeatSingleMmap   = 1 << 0  // both queues share one mapping
	FeatNoDrop       = 1 << 1  // a full completion queue overflows, nothing is lost
	FeatSubmitStable = 1 << 2  // timespecs and the like are read by the time Submit returns
	FeatFastPoll     = 1 << 5  // sockets are polled, not waited for in a thread
	FeatExtArg       = 1 << 8  // a wait can time out without an operation of its own
	FeatCQESkip      = 1 << 11 // SQECQESkipSuccess works
	FeatNoIOWait     = 1 << 17 // a wait need not count as one for a disk; Linux 6.15
)

// Flags of an entry, for SQE.Flags.
const (
	SQEFixedFile      = 1 << 0 // FD is an index of a registered file
	SQEIODrain        = 1 << 1 // starts when everything before it has completed
	SQEIOLink         = 1 << 2 // the next entry starts when this one has succeeded
	SQEIOHardlink     = 1 << 3 // the next entry starts when this one has completed
	SQEAsync          = 1 << 4 // straight to a kernel worker
	SQEBufferSelect   = 1 << 5 // the kernel picks a buffer of BufGroup
	SQECQESkipSuccess = 1 << 6 // no completion unless it fails
)

// Flags of a completion, in CQE.Flags. The methods of [CQE] read them.
const (
	CQEBuffer       = 1 << 0 // the upper 16 bits are the buffer's ID
	CQEMore         = 1 << 1 // the operation will complete again
	CQESockNonEmpty = 1 << 2 // the socket held more than was received
	CQENotif        = 1 << 3 // a zero-copy send gives its memory back
)

const cqeBufferShift = 16 // IORING_CQE_BUFFER_SHIFT

// Flags of single operations. Those of accept, receive and send belong in
// SQE.IOPrio, the others are arguments of Prepare methods.
const (
	AcceptMultishot   = 1 << 0 // a completion for each connection
	RecvSendPollFirst = 1 << 0 // wait for readiness before the first attempt
	RecvMultishot     = 1 << 1 // a completion for each buffer filled

	AsyncCancelAll      = 1 << 0 // every match, not the first
	AsyncCancelFD       = 1 << 1 // match the descriptor, not the user data
	AsyncCancelAny      = 1 << 2 // match everything
	AsyncCancelFDFixed  = 1 << 3 // the descriptor is an index of a registered file
	AsyncCancelUserData = 1 << 4 // match the user data, the default
	AsyncCancelOp       = 1 << 5 // match the opcode

	TimeoutAbs          = 1 << 0 // the timespec is a point in time
	TimeoutBoottime     = 1 << 2 // CLOCK_BOOTTIME
	TimeoutRealtime     = 1 << 3 // CLOCK_REALTIME
	TimeoutETIMESuccess = 1 << 5 // expiry does not break a link
	TimeoutMultishot    = 1 << 6 // fires count times, 0 for ever; Linux 6.4
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
