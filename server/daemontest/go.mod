module github.com/disrust/disrust/server/daemontest

go 1.26.0

require (
	github.com/disrust/disrust/client v0.1.0
	golang.org/x/sys v0.49.0
)

require github.com/disrust/disrust/wire v0.1.0 // indirect

replace (
	github.com/disrust/disrust/client => ../../client
	github.com/disrust/disrust/wire => ../../wire
)
