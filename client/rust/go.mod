module github.com/disrust/disrust/client/rust

go 1.26.0

require (
	github.com/disrust/disrust/client/languages v0.1.0
	github.com/disrust/disrust/client/tools v0.1.0
	github.com/disrust/disrust/server/daemontest v0.1.0
)

require (
	github.com/disrust/disrust/client v0.1.0 // indirect
	github.com/disrust/disrust/client/conformance v0.1.0 // indirect
	github.com/disrust/disrust/wire v0.1.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/disrust/disrust/client => ..
	github.com/disrust/disrust/client/conformance => ../conformance
	github.com/disrust/disrust/client/languages => ../languages
	github.com/disrust/disrust/client/tools => ../tools
	github.com/disrust/disrust/server/daemontest => ../../server/daemontest
	github.com/disrust/disrust/wire => ../../wire
)
