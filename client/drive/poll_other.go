//go:build !linux

package drive

// preferred is the driver for this system.
var preferred = portable
