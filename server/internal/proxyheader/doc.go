// Package proxyheader reads the header of the PROXY protocol, with which a balancer begins a
// connection to say who its client is.
//
// The specification is haproxy.org/download/3.4/doc/proxy-protocol.txt. Version 1 is a line of
// text. Version 2 is binary: a signature, a command, the family of the addresses, a size, the
// addresses and what else the sender knows (type-length-values), which nobody here reads.
//
// A header names a client only if the client came by TCP over IPv4 or IPv6. Every other header
// that the specification allows is skipped: the balancer's own connections (LOCAL in version 2,
// UNKNOWN in version 1), Unix sockets, datagrams and what is unspecified. The connection then
// keeps its own address. A family, a transport or a command that the specification does not
// define is an error.
package proxyheader
