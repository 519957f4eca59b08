module github.com/disrust/disrust/client/cmd/disrust-client

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/disrust/disrust/client v0.1.0
	github.com/disrust/disrust/client/drive v0.1.0
	github.com/disrust/disrust/server/daemontest v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/cheggaaa/pb/v3 v3.3.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
)

require (
	github.com/VividCortex/ewma v1.2.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.2.0 // indirect
	github.com/disrust/disrust/client/tools v0.1.0
	github.com/fatih/color v1.19.0 // indirect
	github.com/mattn/go-colorable v0.1.16 // indirect
	github.com/mattn/go-runewidth v0.0.31 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/disrust/disrust/client => ../..
	github.com/disrust/disrust/client/drive => ../../drive
	github.com/disrust/disrust/client/tools => ../../tools
	github.com/disrust/disrust/server/daemontest => ../../../server/daemontest
	github.com/disrust/disrust/wire => ../../../wire
)
