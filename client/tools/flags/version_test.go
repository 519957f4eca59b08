package flags

import (
	"runtime/debug"
	"testing"
)

func TestCommit(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for want, settings := range map[string][]debug.BuildSetting{
		"":                       {setting("GOOS", "linux"), setting("vcs.modified", "true")},
		", commit abc":           {setting("vcs.revision", "abc"), setting("vcs.modified", "false")},
		", commit abc, modified": {setting("vcs.modified", "true"), setting("vcs.revision", "abc")},
	} {
		if got := commit(settings); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := moduleVersion(&debug.BuildInfo{}); got != "(devel)" {
		t.Errorf("without a version: %q", got)
	}
	if got := moduleVersion(&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}); got != "v1.2.3" {
		t.Errorf("version %q", got)
	}
}
