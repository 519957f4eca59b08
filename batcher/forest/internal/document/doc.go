// Package document reads JSON and UBJSON from memory, in one pass and without a copy of the
// whole: the caller says for each value what it expects, and numbers of an array go straight
// into a slice.
//
// What is read is hostile input. Nothing recurses. Values nest at most [MaxDepth] deep. A
// length is believed only if so many bytes are there. An error says what was expected, what was
// found, and at which byte.
package document
