// Package daemontest tests package client against the daemon disrust, run as
// a process. It is a module of its own so that client needs no server.
package daemontest

