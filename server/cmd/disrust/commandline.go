//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/cmd/disrust/internal/offline"
	"github.com/disrust/disrust/server/internal/listen"
)

// These words are commands. Without one the daemon serves.
const (
	planCommand    = "plan"
	helpCommand    = "help"
	versionCommand = "version"
)

// positional lists the flags that words without a flag set, in this order.
var positional = [...]struct{ flag, word string }{
	{"io-threads", "the first word (io_threads)"},
	{"port", "the second word (port)"},
}

// commandLine parses a command line: flags, with words anywhere between them. Its errors are
// sentences for people.
func commandLine(args []string) (*options, error) {
	o := defaults()
	list := o.list()
	line, err := list.Parse(args)
	if err != nil {
		return o, err
	}
	if err := o.command(list, &line); err != nil {
		return o, err
	}
	if len(line.Words) > len(positional) {
		return o, fmt.Errorf("unexpected word %q: only io_threads and port may stand without a flag", line.Words[len(positional)])
	}
	for i, word := range line.Words {
		if err := list.SetWord(line, positional[i].flag, positional[i].word, word); err != nil {
			return o, err
		}
	}
	for _, f := range modelflag.Flags(&o.file) {
		if line.Given[f.Name] {
			o.fileFlags = append(o.fileFlags, "--"+f.Name)
		}
	}
	o.hostOrPort = line.Given["host"] || line.Given["port"]
	if o.hostOrPort && len(o.cfg.Listen) > 0 {
		return o, errors.New("--listen says where to listen: give neither --host nor --port (also as the second word) beside it")
	}
	o.given = make(map[string]string)
	for _, f := range list {
		if value := f.Value.String(); value != "" {
			o.given[f.Name] = value
		}
	}
	return o, o.checkBesides()
}

// beside is a port beside those of the server, each with a flag of its own.
type beside struct {
	flag, addr string
	name       string // of its memory in the plan
	bytes      uint64
	field      string // which names the flag in the Budget
}

// besides returns the ports beside those of the server. Those that nobody asks for have no addr.
func (o *options) besides() []beside {
	return []beside{
		{"admin", o.admin, "admin port, about", adminBytes, adminField},
		{"oip-http", o.oipHTTP, "Open Inference Protocol over HTTP, about", oipBytes, oipHTTPField},
		{"oip-grpc", o.oipGRPC, "Open Inference Protocol over gRPC, about", oipBytes, oipGRPCField},
	}
}

// checkBesides checks that each port beside those of the server has an address of its own, and plans its memory.
func (o *options) checkBesides() error {
	taken := slices.Clone(o.cfg.Listen)
	if one := net.JoinHostPort(o.cfg.Host, strconv.Itoa(o.cfg.Port)); len(taken) == 0 && listen.Check(one) == nil {
		taken = []string{one}
	}
	for _, p := range o.besides() {
		if p.addr == "" {
			continue
		}
		o.cfg.Beside = append(o.cfg.Beside, server.Part{Name: p.name, Count: 1, Each: p.bytes, Fields: []string{p.field}})
		taken = append(taken, p.addr)
		if err := listen.CheckAll(taken); err != nil {
			return fmt.Errorf("--%s %s: %w", p.flag, p.addr, err)
		}
		if bytes := listen.PathBytes(p.addr); o.cfg.SharePort && bytes > listen.SharedPathBytes {
			return fmt.Errorf("--%s %s: with --share-port the path of a socket may have %d bytes, and this one has %d", p.flag, p.addr, listen.SharedPathBytes, bytes)
		}
	}
	return nil
}

// command removes commands from the words of line and carries them out. A command may stand
// anywhere. A word that is neither a command nor a number is an error.
func (o *options) command(list flags.List, line *flags.Line) error {
	var numbers []string
	given := false
	for _, word := range line.Words {
		switch word {
		case helpCommand:
			return flags.ErrHelp
		case versionCommand:
			return flags.ErrVersion
		case planCommand:
			if given {
				return fmt.Errorf("the command %s is given twice", word)
			}
			o.plan, given = true, true
			continue
		}
		if c := offline.Find(word); c != nil {
			return fmt.Errorf("%s must be the first word: disrust %s", word, c.Usage())
		}
		if word == "" || word[0] < '0' || word[0] > '9' {
			return list.UnknownWord(word, append(offline.Names(), planCommand, helpCommand, versionCommand)...)
		}
		numbers = append(numbers, word)
	}
	line.Words = numbers
	return nil
}

func help() string {
	return `disrust serves a model on TCP ports and Unix sockets.

  disrust [flags] [io_threads [port]]         serve
  disrust plan [flags] [io_threads [port]]    print the memory that it would take, and end
  disrust version                             print the version and the commit, and end

` + offline.Help() + `
Flags of serve and plan, before or after the words:
` + defaults().list().Help()
}
