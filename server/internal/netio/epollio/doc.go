//go:build linux

// Package epollio carries out a thread's operations on epoll: the backend for
// systems that refuse io_uring.
//
// # How it works
//
// A backend registers a descriptor once, edge-triggered and for both directions,
// and remembers what epoll said: a descriptor is readable until a receive finds
// it empty, and writable until a send finds it full. An operation makes its system
// call as soon as its descriptor is ready, without asking epoll again, and waits
// only after the call would have blocked. Descriptors on which an operation can go
// on stand in a queue, so none of them overtakes another.
//
// A turn does a bounded amount of work. What it leaves in the queue makes the
// backend pending.
//
// # Ownership
//
// A descriptor must have no duplicate that outlives it, except a listener's:
// epoll watches what a descriptor stands for, and would go on watching it. The
// sockets stay in blocking mode and every call says that it does not wait;
// listeners become non-blocking.
//
// # Cost
//
// A receive that fills less than its buffer shows that a TCP socket is empty,
// so a request costs one recv and one send, and all requests that arrive together
// share one epoll_pwait. A look for work is a system call too.
//
// Sources: epoll(7), tcp(7), unix(7); Linux 6.18. The package runs on every Linux
// that Go supports; before 5.11, which brings epoll_pwait2, timeouts are whole
// milliseconds.
package epollio
