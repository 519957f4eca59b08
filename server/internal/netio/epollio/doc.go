//go:build linux

// Package epollio carries out the operations of package netio on epoll. It is the backend
// for systems that refuse io_uring.
//
// # How it works
//
// The backend registers each descriptor once, edge-triggered and for both directions. It
// remembers what epoll reported: a descriptor counts as readable until a receive finds it
// empty, and as writable until a send finds it full. An operation makes its system call as
// soon as its descriptor is ready, without polling epoll again. It waits only after the call
// would have blocked. Descriptors on which an operation can go on wait in a queue, so none
// of them overtakes another.
//
// A turn does a bounded amount of work. The backend is pending while its queue is not empty.
//
// # Ownership
//
// A descriptor must have no duplicate that outlives it, except a listener's: epoll watches
// the open file behind the descriptor and would go on watching it. Sockets stay in blocking
// mode, and every call on them asks the kernel not to wait. Listeners become non-blocking.
//
// # Cost
//
// A receive that fills less than its buffer shows that a TCP socket is empty. So a request
// costs one recv and one send, and all requests that arrive together share one epoll_pwait.
// A poll for work is a system call, too.
//
// Sources: epoll(7), tcp(7), unix(7); Linux 6.18. The package runs on every Linux that Go
// supports. Before Linux 5.11, which has epoll_pwait2, timeouts are rounded up to whole
// milliseconds.
package epollio
