// Package oracle has only tests. They read PROXY headers with package proxyheader and with
// go-proxyproto, an independent implementation, and compare.
package oracle
