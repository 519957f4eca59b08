//go:build linux

package daemontest

import "net"

// FreePort returns a port of 127.0.0.1 that was free a moment ago.
func FreePort() (port string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String()) // package net has put it together
	return port, listener.Close()
}
