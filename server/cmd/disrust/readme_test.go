//go:build linux

package main

import (
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
