// Package flags reads command lines.
//
// A [List] is all flags of a command, each declared once with its name, what it sets and
// what it may be, and a sentence of help. From the list come the parser, the checks, the
// text of --help, the table in a README, and suggestions for a word that was mistyped.
// What a flag is when it is not given is what its variable holds when the list is made.
//
//	var port, limit = 9900, 10 * time.Second
//	list := flags.List{
//		flags.New("port", flags.Int(&port, 0, 65535), "TCP port"),
//		flags.New("limit", flags.Duration(&limit, 0, time.Hour), "how long a call may take"),
//	}
//	words, err := list.Parse(os.Args[1:])
//
// Errors are sentences for the person who typed the command line:
//
//	--port 99999: a whole number from 0 to 65535 is allowed
//	there is no flag --prot: did you mean --port?
//
// All commands of disrust use this package, so that their ranges and sentences are the same.
package flags
