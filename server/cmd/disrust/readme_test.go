//go:build linux

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/metrics"
)

// TestReadme compares the tables in server/README.md with the code; with -update it writes
// them.
func TestReadme(t *testing.T) {
	const file = "../../README.md"
	readme.Check(t, file, "flags", defaults().list().Markdown())
	readme.Check(t, file, "metrics", metrics.Markdown())
}

// TestFlagOfField: inFlags finds the flag that sets a field of the Config, so that the
// server's errors name the flag.
func TestFlagOfField(t *testing.T) {
	o := defaults()
	for field, want := range map[string]string{
		"Port": "--port 7", "MaxConns": "--max-conns 7", "RequestTimeout": "--request-timeout 7ns", "Listen": "--listen ", "NoSuchField": "NoSuchField 7",
	} {
		var value any = 7
		if field == "RequestTimeout" {
			value = 7 * time.Nanosecond
		}
		if name, text := o.inFlags(field, value); name+" "+text != want {
			t.Errorf("%s 7 is %s %s, want %s", field, name, text, want)
		}
	}
	if name, text := o.inFlags("PoolBytes", 3<<20+1); name != "--pool-mib" || text != "4" {
		t.Errorf("3 MiB and a byte are %s %s", name, text)
	}
}

// TestPromisedCounters: the counters that the README's table of what runs out names exist.
func TestPromisedCounters(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, m := range metrics.Table() {
		known[m.Name] = true
	}
	_, table, _ := strings.Cut(string(text), "| counted as | shown by |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	named := 0
	for row := range strings.Lines(table) {
		for _, match := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(row, "|")[3], -1) {
			if named++; !known[match[1]] {
				t.Errorf("there is no counter %s", match[1])
			}
		}
	}
	if named < 5 {
		t.Errorf("the table names %d counters", named)
	}
}
