//go:build linux

// Package subject has a program in any language make calls with its client, and judges what came of them.
//
// The program, a subject, reads words from its standard input:
//
//	hello DIM OUTPUTS KIND MAX_VECTORS NAME   what the client states; NAME in hexadecimal, or -
//	connect MILLIS                            how long an attempt to connect may take
//	outputs COUNT                             how many scores a row has, if not one
//	round CALLS                               and for each call a line: TIMEOUT_MILLIS ROWS FEATURES_PER_ROW, and the
//	                                          bits of each feature in hexadecimal
//
// The calls of a round are in flight together, or come one by one, as the way of the subject has it. A timeout of 0 is
// none. After a round the subject prints a line for each of its calls, in order, and writes them out:
//
//	scores IDENTITY BITS...      the identity of the model and the bits of each score, in hexadecimal
//	failed CODE ROW              ROW is -1 if the server names none
//	refused STATUS SENTENCE      SENTENCE in hexadecimal
//	no_welcome, lost, timeout, not_sent
//
// What it writes to standard error is shown when a test fails.
package subject
