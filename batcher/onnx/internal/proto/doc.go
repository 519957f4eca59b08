// Package proto reads the parts of an ONNX file that describe a model of rows: the graph, its nodes
// with their attributes, and its constants.
//
// The file is a protocol buffer (onnx.proto, IR version 3 and later). Nothing is decoded by
// reflection. Each length is checked against the bytes that are left, messages nest to a fixed
// depth only, and what is read takes a small multiple of the file.
package proto
