package uring

import "fmt"

// Op is the code of an operation (IORING_OP_).
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

var opNames = map[Op]string{
	OpNop:         "IORING_OP_NOP",
	OpTimeout:     "IORING_OP_TIMEOUT",
	OpAccept:      "IORING_OP_ACCEPT",
	OpAsyncCancel: "IORING_OP_ASYNC_CANCEL",
	OpClose:       "IORING_OP_CLOSE",
	OpRead:        "IORING_OP_READ",
	OpSend:        "IORING_OP_SEND",
	OpRecv:        "IORING_OP_RECV",
	OpShutdown:    "IORING_OP_SHUTDOWN",
}

// String returns the kernel's name of the operation.
func (o Op) String() string {
	if name, known := opNames[o]; known {
		return name
	}
	return fmt.Sprintf("io_uring operation %d", uint8(o))
}
