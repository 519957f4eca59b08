//go:build giouring && linux

package oracle

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/disrust/disrust/uring"
	"github.com/pawelgaczynski/giouring"
	"pgregory.net/rapid"
)

// entry is a submission entry as the kernel sees it.
type entry [64]byte

var _ [64]byte = [unsafe.Sizeof(giouring.SubmissionQueueEntry{})]byte{}

// arguments holds the arguments of all Prepare methods.
type arguments struct {
	fd       int
	memory   []byte
	size     int
	flags    uint32
	group    uint16
	offset   int64
	userData uint64
	how      int
	count    uint32
	timespec *uring.Timespec
}

func draw(t *rapid.T) arguments {
	flags := rapid.Uint32().Draw(t, "flags")
	return arguments{
		fd:       int(rapid.Int32Min(-1).Draw(t, "fd")),
		memory:   make([]byte, 1),
		size:     int(rapid.Int32Min(0).Draw(t, "size")),
		flags:    flags,
		group:    rapid.Uint16().Draw(t, "group"),
		offset:   rapid.Int64Min(-1).Draw(t, "offset"),
		userData: rapid.Uint64().Draw(t, "userData"),
		how:      rapid.IntRange(0, 2).Draw(t, "how"),
		count:    rapid.Uint32().Draw(t, "count"),
		timespec: new(uring.Timespec),
	}
}

func (a arguments) pointer() unsafe.Pointer { return unsafe.Pointer(&a.memory[0]) }
func (a arguments) address() uintptr        { return uintptr(a.pointer()) }

// preparations pairs each Prepare method with giouring's. Where liburing's callers
// set fields by hand after the call, so does the function here.
var preparations = map[string]struct {
	ours   func(*uring.SQE, arguments)
	theirs func(*giouring.SubmissionQueueEntry, arguments)
}{
	"Nop": {
		func(s *uring.SQE, a arguments) { s.PrepareNop() },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareNop() },
	},
	"Accept": {
		func(s *uring.SQE, a arguments) { s.PrepareAccept(a.fd, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareAccept(a.fd, 0, 0, a.flags) },
	},
	"MultishotAccept": {
		func(s *uring.SQE, a arguments) { s.PrepareMultishotAccept(a.fd, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareMultishotAccept(a.fd, 0, 0, int(a.flags))
		},
	},
	"Recv": {
		func(s *uring.SQE, a arguments) { s.PrepareRecv(a.fd, a.pointer(), a.size, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareRecv(a.fd, a.address(), uint32(a.size), int(a.flags))
		},
	},
	"RecvSelect": {
		func(s *uring.SQE, a arguments) { s.PrepareRecvSelect(a.fd, a.group, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareRecv(a.fd, 0, 0, int(a.flags))
			s.Flags, s.BufIG = giouring.SqeBufferSelect, a.group
		},
	},
	"MultishotRecv": {
		func(s *uring.SQE, a arguments) { s.PrepareMultishotRecv(a.fd, a.group, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareRecvMultishot(a.fd, 0, 0, int(a.flags))
			s.Flags, s.BufIG = giouring.SqeBufferSelect, a.group
		},
	},
	"Send": {
		func(s *uring.SQE, a arguments) { s.PrepareSend(a.fd, a.pointer(), a.size, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareSend(a.fd, a.address(), uint32(a.size), int(a.flags))
		},
	},
	"Read": {
		func(s *uring.SQE, a arguments) { s.PrepareRead(a.fd, a.pointer(), a.size, a.offset) },
		func(s *giouring.SubmissionQueueEntry, a arguments) {
			s.PrepareRead(a.fd, a.address(), uint32(a.size), uint64(a.offset))
		},
	},
	"Close": {
		func(s *uring.SQE, a arguments) { s.PrepareClose(a.fd) },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareClose(a.fd) },
	},
	"Shutdown": {
		func(s *uring.SQE, a arguments) { s.PrepareShutdown(a.fd, a.how) },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareShutdown(a.fd, a.how) },
	},
	"Cancel": {
		func(s *uring.SQE, a arguments) { s.PrepareCancel(a.userData, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareCancel64(a.userData, int(a.flags)) },
	},
	"CancelFD": {
		func(s *uring.SQE, a arguments) { s.PrepareCancelFD(a.fd, a.flags) },
		func(s *giouring.SubmissionQueueEntry, a arguments) { s.PrepareCancelFd(a.fd, a.flags) },
	},
	"Timeout": {
		func(s *uring.SQE, a arguments) { s.PrepareTimeout(a.timespec, a.count, a.flags) },
		prepareTimeout,
	},
}

// prepareTimeout corrects addr. giouring's PrepareTimeout stores the address of its
// own parameter, a pointer on the stack; struct io_uring_sqe needs the address of the
// timespec.
func prepareTimeout(s *giouring.SubmissionQueueEntry, a arguments) {
	s.PrepareTimeout(&syscall.Timespec{}, a.count, a.flags)
	s.Addr = uint64(uintptr(unsafe.Pointer(a.timespec)))
}

// Our Prepare methods get an entry full of rubbish. giouring's get a zeroed one,
// because they leave addr3 and the padding of a used slot unchanged.
func TestEntriesAreTheSame(t *testing.T) {
	for name, prepare := range preparations {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a := draw(t)
				var ours uring.SQE
				for i := range (*entry)(unsafe.Pointer(&ours)) {
					(*entry)(unsafe.Pointer(&ours))[i] = 0xa5
				}
				var theirs giouring.SubmissionQueueEntry
				prepare.ours(&ours, a)
				prepare.theirs(&theirs, a)
				ours.UserData = a.userData
				theirs.SetData64(a.userData)
				if *(*entry)(unsafe.Pointer(&ours)) != *(*entry)(unsafe.Pointer(&theirs)) {
					t.Fatalf("ours   %+v\ntheirs %+v", ours, theirs)
				}
			})
		})
	}
}

func TestConstantsAreTheSame(t *testing.T) {
	for name, pair := range map[string][2]uint32{
		"OpNop":               {uint32(uring.OpNop), uint32(giouring.OpNop)},
		"OpTimeout":           {uint32(uring.OpTimeout), uint32(giouring.OpTimeout)},
		"OpAccept":            {uint32(uring.OpAccept), uint32(giouring.OpAccept)},
		"OpAsyncCancel":       {uint32(uring.OpAsyncCancel), uint32(giouring.OpAsyncCancel)},
		"OpClose":             {uint32(uring.OpClose), uint32(giouring.OpClose)},
		"OpRead":              {uint32(uring.OpRead), uint32(giouring.OpRead)},
		"OpSend":              {uint32(uring.OpSend), uint32(giouring.OpSend)},
		"OpRecv":              {uint32(uring.OpRecv), uint32(giouring.OpRecv)},
		"OpShutdown":          {uint32(uring.OpShutdown), uint32(giouring.OpShutdown)},
		"SetupCQSize":         {uring.SetupCQSize, giouring.SetupCQSize},
		"SetupSubmitAll":      {uring.SetupSubmitAll, giouring.SetupSubmitAll},
		"SetupCoopTaskrun":    {uring.SetupCoopTaskrun, giouring.SetupCoopTaskrun},
		"SetupTaskrunFlag":    {uring.SetupTaskrunFlag, giouring.SetupTaskrunFlag},
		"SetupSingleIssuer":   {uring.SetupSingleIssuer, giouring.SetupSingleIssuer},
		"SetupDeferTaskrun":   {uring.SetupDeferTaskrun, giouring.SetupDeferTaskrun},
		"FeatSingleMmap":      {uring.FeatSingleMmap, giouring.FeatSingleMMap},
		"FeatNoDrop":          {uring.FeatNoDrop, giouring.FeatNoDrop},
		"FeatSubmitStable":    {uring.FeatSubmitStable, giouring.FeatSubmitStable},
		"FeatFastPoll":        {uring.FeatFastPoll, giouring.FeatFastPoll},
		"FeatExtArg":          {uring.FeatExtArg, giouring.FeatExtArg},
		"FeatCQESkip":         {uring.FeatCQESkip, giouring.FeatCQESkip},
		"SQEFixedFile":        {uring.SQEFixedFile, uint32(giouring.SqeFixedFile)},
		"SQEIODrain":          {uring.SQEIODrain, uint32(giouring.SqeIODrain)},
		"SQEIOLink":           {uring.SQEIOLink, uint32(giouring.SqeIOLink)},
		"SQEIOHardlink":       {uring.SQEIOHardlink, uint32(giouring.SqeIOHardlink)},
		"SQEAsync":            {uring.SQEAsync, uint32(giouring.SqeAsync)},
		"SQEBufferSelect":     {uring.SQEBufferSelect, uint32(giouring.SqeBufferSelect)},
		"SQECQESkipSuccess":   {uring.SQECQESkipSuccess, uint32(giouring.SqeCQESkipSuccess)},
		"CQEBuffer":           {uring.CQEBuffer, giouring.CQEFBuffer},
		"CQEMore":             {uring.CQEMore, giouring.CQEFMore},
		"CQESockNonEmpty":     {uring.CQESockNonEmpty, giouring.CQEFSockNonempty},
		"CQENotif":            {uring.CQENotif, giouring.CQEFNotif},
		"AcceptMultishot":     {uring.AcceptMultishot, uint32(giouring.AcceptMultishot)},
		"RecvSendPollFirst":   {uring.RecvSendPollFirst, uint32(giouring.RecvsendPollFirst)},
		"RecvMultishot":       {uring.RecvMultishot, uint32(giouring.RecvMultishot)},
		"AsyncCancelAll":      {uring.AsyncCancelAll, giouring.AsyncCancelAll},
		"AsyncCancelFD":       {uring.AsyncCancelFD, giouring.AsyncCancelFd},
		"AsyncCancelAny":      {uring.AsyncCancelAny, giouring.AsyncCancelAny},
		"AsyncCancelFDFixed":  {uring.AsyncCancelFDFixed, giouring.AsyncCancelFdFixed},
		"TimeoutAbs":          {uring.TimeoutAbs, giouring.TimeoutAbs},
		"TimeoutBoottime":     {uring.TimeoutBoottime, giouring.TimeoutBoottime},
		"TimeoutRealtime":     {uring.TimeoutRealtime, giouring.TimeoutRealtime},
		"TimeoutETIMESuccess": {uring.TimeoutETIMESuccess, giouring.TimeoutETimeSuccess},
		"TimeoutMultishot":    {uring.TimeoutMultishot, giouring.TimeoutMultishot},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %#x, giouring's %#x", name, pair[0], pair[1])
		}
	}
}
