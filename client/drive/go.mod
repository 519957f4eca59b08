module github.com/disrust/disrust/client/drive

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/disrust/disrust/wire v0.1.0
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)

replace github.com/disrust/disrust/wire => ../../wire
