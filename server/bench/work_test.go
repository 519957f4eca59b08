//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseWork(t *testing.T) {
	for text, want := range map[string]work{
		"64x1":       {conns: 64, window: 1, vectors: 1},
		"4x8x64":     {conns: 4, window: 8, vectors: 64},
		"4096x4096":  {conns: 4096, window: 4096, vectors: 1},
		"rate:half":  {conns: 16, vectors: 1, rate: half},
		"rate:50000": {conns: 16, vectors: 1, rate: 50000},
	} {
		got, err := parseWork(text)
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
		if got.String() != text {
			t.Errorf("%s is written as %s", text, got)
		}
	}
}

func TestParseWorkRefuses(t *testing.T) {
	for _, text := range []string{"", "64", "64x", "x64", "1x1x1x1", "0x1", "1x0", "1x1x0", "1x1x65", "4097x1", "1x4097", "-1x1", "rate:", "rate:0", "rate:-5", "rate:1e3", "half"} {
		if w, err := parseWork(text); err == nil {
			t.Errorf("%q is parsed as %+v", text, w)
		}
	}
}

func TestDescribe(t *testing.T) {
	for text, want := range map[string]string{
		"1x1":       "1 connection, 1 in flight on each, 1 vector",
		"4x8x64":    "4 connections, 8 in flight on each, 64 vectors",
		"rate:1000": "open loop at 1000 requests/s, 16 connections",
		"rate:half": "open loop at half of the first peer's peak, 16 connections",
	} {
		w, err := parseWork(text)
		if got := w.describe(); err != nil || got != want {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
}

// TestOrder: each peer has one turn per round, and over two rounds the sequence of turns is a
// palindrome.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peers := contenders[:rapid.IntRange(1, len(contenders)).Draw(t, "peers")]
		round := rapid.IntRange(0, 100).Draw(t, "round")
		two := append(order(peers, round), order(peers, round+1)...)
		for i := range peers {
			if two[i].name != two[len(two)-1-i].name {
				t.Fatalf("turn %d is %s, its mirror %s", i, two[i].name, two[len(two)-1-i].name)
			}
		}
		if first := order(peers, 0); first[0].name != peers[0].name || first[len(first)-1].name != peers[len(peers)-1].name {
			t.Fatal("round 0 is not in order")
		}
	})
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--rounds", "3", "--duration=2s", "--peers", "gnet,gonet", "--work", "1x1,rate:half", "--disrust-flags", "--batch-threads 1  --pin"})
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 3 || o.duration.Seconds() != 2 || len(o.works) != 2 || strings.Join(o.disrust, "|") != "--batch-threads|1|--pin" {
		t.Errorf("options are %+v", o)
	}
	if len(o.peers) != 2 || o.peers[0].name != "gnet" || o.peers[1].name != "gonet" {
		t.Error("peers are not those asked for, in that order")
	}
	if o, err := parseOptions(nil); err != nil || len(o.works) != 7 || len(o.peers) != 7 || o.peers[0].name != "gonet" {
		t.Errorf("without flags: %d works, %d peers, %v", len(o.works), len(o.peers), err)
	}
	o, err = parseOptions([]string{"--model", "folder"})
	if err != nil || len(o.works) != 4 || len(o.peers) != len(models("").served()) || o.peers[0].name != "disrust" {
		t.Errorf("with a model: %d works, %d peers, %v", len(o.works), len(o.peers), err)
	}
	if here, err := os.Getwd(); err != nil || o.model != filepath.Join(here, "folder") {
		t.Errorf("the folder of the model is %q, which another process may not find; %v", o.model, err)
	}
}

func TestOptionsRefuse(t *testing.T) {
	for _, args := range []string{
		"--rounds 0", "--rounds x", "--duration 0s", "--duration -1s", "--warmup -1s", "--work", "--work 1", "--work 1x1,1x1",
		"--peers rust", "--peers gonet,gonet", "--peers ,", "--nonsense", "extra",
		"--peers c-epoll", "--model folder --peers gonet",
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil {
			t.Errorf("%q is allowed", args)
		}
	}
}
