module github.com/disrust/disrust/batcher/onnx

go 1.26.0

require (
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/batcher/forest v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	google.golang.org/protobuf v1.36.11
)

replace (
	github.com/disrust/disrust/batcher => ..
	github.com/disrust/disrust/batcher/dense => ../dense
	github.com/disrust/disrust/batcher/forest => ../forest
	github.com/disrust/disrust/bufpool => ../../bufpool
	github.com/disrust/disrust/ringbuf => ../../ringbuf
	github.com/disrust/disrust/wire => ../../wire
)
