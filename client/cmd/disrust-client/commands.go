package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// command is one thing that the tool does.
type command struct {
	name, words string // words: what may follow the name
	summary     string
	help        string // the text of its --help before the flags
	flags       string // names of the flags that it knows
	run         func(context.Context, *options, streams) error
}

func (c *command) knows(flag string) bool {
	return slices.Contains(strings.Fields(c.flags), flag)
}

// commandTable holds all commands. The first is the default.
var commandTable = []command{
	{"smoke", "", "a few requests of the smallest and largest sizes (default)", smokeHelp, serverFlags + "verify", smoke},
	{"pipeline", "", "1,000 requests of mixed sizes, sent without waiting", pipelineHelp, serverFlags + "verify", pipeline},
	{"bench", "[conns [requests]]", "requests per second", benchHelp, serverFlags + "conns window vectors verify seed", bench},
	{"sustain", "", "latencies, every second and in a summary", sustainHelp, serverFlags + loadFlags + fileFlags + "reconnect duration", sustain},
	{"sweep", "", "the highest rate (or connections) that keeps a bound on latency", sweepHelp, serverFlags + loadFlags + fileFlags + "slo step", sweep},
	{"score", "FILE", "scores the rows of a .npy or raw float32 file", scoreHelp, serverFlags + "conns out", score},
	{"report", "RUN.json...", "runs that were kept with --json, overlaid", reportHelp, "html csv", report},
}

func findCommand(name string) *command {
	i := slices.IndexFunc(commandTable, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &commandTable[i]
}

func commandNames() (names []string) {
	for _, c := range commandTable {
		names = append(names, c.name)
	}
	return names
}

// flagsOf returns the flags of list that the command knows.
func (c *command) flagsOf(list flags.List) flags.List {
	return slices.DeleteFunc(slices.Clone(list), func(f flags.Flag) bool { return !c.knows(f.Name) })
}

const (
	smokeHelp = `Sends requests of the smallest and largest sizes, one after the other, and checks every
score.

examples
  disrust-client 9900 smoke
  disrust-client 9900 smoke --verify replay    (for a model that is not sum)
`
	pipelineHelp = `Sends 1,000 requests of mixed sizes over one connection before it needs a single
answer, and checks every byte of every response.

example
  disrust-client 9900 pipeline
`
	benchHelp = `Measures requests per second in a closed loop, in which each answer lets the next
request go: 8 connections and 100,000 requests unless given. Every response is verified.

example
  disrust-client 9900 bench 8 1000000
`
	sustainHelp = `Measures latencies: a line every second, then a summary. Every response is verified.

With --rate the loop is open: requests are due on a schedule that knows nothing of the
answers. Latency counts from the moment a request was due, so a slow moment of the server
is in the figures of every request that was due then. Without --rate, the loop is closed:
each answer lets the next request go, which finds the highest rate but hides waiting.

A run in which the generator itself was the bottleneck is shown as not valid, and with
--rate the exit status is 1. Ctrl-C ends the run with its summary.

A lost connection ends the run. With --reconnect it is remade, and each second shows how many
requests were lost with their connections, to measure a restart of the server.

examples
  disrust-client sustain --rate 50k --arrivals poisson --html run.html
  disrust-client sustain --conns 32 --vectors 1:70,8:25,64:5 --duration 1m --json run.json
  disrust-client sustain --rate 10k --reconnect --html restart.html
`
	sweepHelp = `Finds the highest rate that keeps a bound on latency, in an open loop: doubles the rate
until the bound breaks, then bisects to 5 %. While no step has kept the bound, it doubles the
rate for as long as that brings more answers, to show how latency grows. Each step is a short
run with its own connections, and every response is verified. With --conns FROM..TO instead
of a rate, finds the number of connections, in a closed loop.

When the generator, not the server, was the limit, the last line says so. Ctrl-C ends the
sweep and shows the steps so far.

examples: a report with charts in two commands, each in a shell of its own
  go run ./server/cmd/disrust
  go run ./client/cmd/disrust-client sweep --html sweep.html    (then open sweep.html)

  disrust-client sweep --rate 10k..2M --slo p99.9=1ms --json before.json
  disrust-client sweep --conns 1..512 --slo p99=500us
`
	scoreHelp = `Scores every row and writes the scores in the same order: as .npy if the file is .npy,
as raw little-endian float32 if it is raw. A .npy file holds float32 rows in C order, of
as many features as the server has. All scores are written when the last has come, or none.
Memory does not grow with the file.

example
  disrust-client score rows.npy > scores.npy
`
	reportHelp = `Shows runs of sustain and sweep that were kept with --json: as text, or laid over one
another in a page with charts (--html), or as lines for a spreadsheet (--csv).

example
  disrust-client report before.json after.json --html compared.html
`
)

// helpText returns the help of the named command, or of the tool if no command is named.
func (o *options) helpText() string {
	var b strings.Builder
	if !o.named {
		b.WriteString("usage: disrust-client [flags] [port] [command]\n\n")
		for _, c := range commandTable {
			fmt.Fprintf(&b, "  %-26s %s\n", strings.TrimSpace(c.name+" "+c.words), c.summary)
		}
		fmt.Fprintf(&b, "  %-26s %s\n", "version", "the version and the commit of the tool")
		b.WriteString("\ndisrust-client COMMAND --help shows a command's flags, with an example.\n")
		return b.String()
	}
	c := o.command
	port := "[port] "
	if !c.knows("port") {
		port = ""
	}
	fmt.Fprintf(&b, "usage: disrust-client [flags] %s%s\n\n%s\nflags, before or after the command\n", port, strings.TrimSpace(c.name+" "+c.words), c.help)
	b.WriteString(c.flagsOf(defaults().list()).Help())
	return b.String()
}
