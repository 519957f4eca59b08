package admin

import (
	"runtime/debug"
	"sync"
)

// program says what the process was built from.
var program = sync.OnceValue(func() Program {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Program{Version: devel}
	}
	return built(info)
})

const devel = "(devel)" // as Go names a build without a version

func built(info *debug.BuildInfo) Program {
	p := Program{Version: info.Main.Version, Go: info.GoVersion}
	if p.Version == "" {
		p.Version = devel
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			p.Commit = s.Value
		case "vcs.modified":
			p.Changed = s.Value == "true"
		}
	}
	return p
}
