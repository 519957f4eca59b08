// Package oracle holds no code, only tests: they do the same with package uring
// and with giouring, an independent binding of io_uring, and compare.
//
// Submission entries are compared byte for byte over random arguments, constants
// by value, and completions over the same scenarios on the real kernel. Where
// giouring is wrong, the comment beside the test says so and the kernel's header
// (include/uapi/linux/io_uring.h, Linux 6.18) decides.
//
// giouring reaches into the syscall package in a way that Go 1.23 and newer link
// only when told to, so the tests are behind a build tag:
//
//	GOWORK=off go test -tags giouring -ldflags=-checklinkname=0 ./...
package oracle
