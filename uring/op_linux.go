package uring

// Op is an operation's code.
type Op uint8

// The operations that this package prepares.
const (
	OpNop         Op = 0
	OpTimeout     Op = 11
	OpAccept      Op = 13
	OpAsyncCancel Op = 14
	OpClose       Op = 19
	OpRead        Op = 22
	OpSend        Op = 26
	OpRecv        Op = 27
	OpShutdown    Op = 34
)
