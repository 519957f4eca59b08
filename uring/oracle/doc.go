// Package oracle has only tests. They do the same with package uring and with
// giouring, an independent binding of io_uring, and compare the results.
//
// They compare submission entries byte for byte over random arguments, constants by
// value, and completions over the same scenarios on the real kernel. Where giouring
// is wrong, the kernel's header decides (include/uapi/linux/io_uring.h, Linux 6.18),
// and a comment beside the test says so.
//
// giouring uses private functions of the syscall package. Go 1.23 and newer link
// that only with -checklinkname=0, so the tests are behind a build tag:
//
//	GOWORK=off go test -tags giouring -ldflags=-checklinkname=0 ./...
package oracle
