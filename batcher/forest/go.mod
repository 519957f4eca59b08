module github.com/disrust/disrust/batcher/forest

go 1.26.0

require (
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/batcher/dense v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/disrust/disrust/ringbuf v0.1.0 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/disrust/disrust/batcher => ..
	github.com/disrust/disrust/batcher/dense => ../dense
	github.com/disrust/disrust/bufpool => ../../bufpool
	github.com/disrust/disrust/ringbuf => ../../ringbuf
	github.com/disrust/disrust/wire => ../../wire
)
