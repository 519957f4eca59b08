//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/disrust/disrust/client/tools/flags"
)

// attack is one kind of misbehaviour, which several peers commit at once.
type attack struct {
	name    string
	peers   int
	summary string
	// live is the life of one connection, or a few seconds of it. It returns an error only if
	// the daemon did wrong, turned the peer away, or ctx has ended.
	live func(ctx context.Context, p *peer) error
}

var attacks = []attack{
	{"never-read", 16, "sends without end and reads no answer for seconds", neverRead},
	{"never-finish", 128, "sends the beginning of a request and waits", neverFinish},
	{"drip", 32, "sends a byte per second until the daemon closes, or one every 3 ms", drip},
	{"hoard", 1, "takes every connection that the daemon allows, again and again", hoard},
	{"reset", 16, "resets with requests in flight, and connects again at once", reset},
	{"churn", 16, "connects, sends a request, and closes before or after the answer", churn},
	{"largest", 4, "sends the largest requests without pause", largest},
	{"violate", 8, "breaks the protocol after good requests, and sends megabytes more", violate},
	{"half-close", 8, "ends its stream after, or within, the last request", halfClose},
	{"garbage", 8, "sends random bytes", garbage},
	{"slow-reader", 8, "sends without end and reads a byte at a time", slowReader},
	{"narrow-reader", 8, "is a slow-reader with the smallest receive buffer", narrowReader},
	{"refused", 16, "sends a hello that the daemon must refuse, and megabytes of requests", refused},
	{"refused-crowd", 1, "connects crowds, all of which the daemon must refuse at once", refusedCrowd},
	{"cut-hello", 32, "sends the beginning of a hello and waits", cutHello},
	{"long-hello", 8, "sends a hello of a later version, of up to 64 KiB, in pieces", longHello},
	{descriptorsName, 1, "connects more peers than the daemon has descriptors for", descriptors},
	{failingRowsName, 8, "sends rows for which the model fails, to a server that torture makes itself", failingRows},
}

// descriptorsName is the attack that needs its own daemon, with few descriptors.
const descriptorsName = "descriptors"

// attackNames returns the attacks that can run at the same time.
func attackNames() (names []string) {
	for _, a := range attacks {
		if a.name != descriptorsName && a.name != failingRowsName {
			names = append(names, a.name)
		}
	}
	return names
}

// attackCommand is the first argument of the attackers' process.
const attackCommand = "attack"

// target is what the attackers know of the daemon.
type target struct {
	addr     string
	maxConns int
	seed     uint64
}

func (t target) args(names []string) []string {
	return []string{attackCommand, t.addr, strconv.Itoa(t.maxConns),
		strconv.FormatUint(t.seed, 10), strings.Join(names, ",")}
}

// attackMain is the attackers' process. It attacks until its standard input ends, writes the
// tallies to standard output, and returns the exit status.
func attackMain(args []string) int {
	if len(args) != 4 {
		fmt.Fprintln(os.Stderr, "torture: only torture itself starts the command attack")
		return flags.StatusUsage
	}
	var t target
	t.addr = args[0]
	t.maxConns, _ = strconv.Atoi(args[1])
	t.seed, _ = strconv.ParseUint(args[2], 10, 64)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if json.NewEncoder(os.Stdout).Encode(attackAll(ctx, t, strings.Split(args[3], ","))) != nil {
		return flags.StatusFailed
	}
	return 0
}

// attackAll runs all attackers until ctx ends.
func attackAll(ctx context.Context, t target, names []string) []*tally {
	tallies := []*tally{}
	var live sync.WaitGroup
	for i, a := range attacks {
		if !slices.Contains(names, a.name) {
			continue
		}
		sum := &tally{Name: a.name, Peers: a.peers, Faults: []string{}}
		tallies = append(tallies, sum)
		for j := range a.peers {
			p := newPeer(t, sum, (i+1)<<10+j)
			live.Go(func() { p.live(ctx, a) })
		}
	}
	live.Wait()
	return tallies
}
