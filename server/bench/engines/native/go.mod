module github.com/disrust/disrust/server/bench/engines/native

go 1.26.0

require (
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/batcher/forest v0.1.0
	github.com/disrust/disrust/batcher/forest/cbm v0.1.0
	github.com/disrust/disrust/batcher/onnx v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	github.com/dmitryikh/leaves v0.0.0-20230708180554-25d19a787328
)

require (
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/disrust/disrust/batcher/dense v0.1.0 // indirect
	github.com/disrust/disrust/ringbuf v0.1.0 // indirect
	github.com/google/flatbuffers v25.12.19+incompatible // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/sys v0.49.0 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace (
	github.com/disrust/disrust/batcher => ../../../../batcher
	github.com/disrust/disrust/batcher/dense => ../../../../batcher/dense
	github.com/disrust/disrust/batcher/forest => ../../../../batcher/forest
	github.com/disrust/disrust/batcher/forest/cbm => ../../../../batcher/forest/cbm
	github.com/disrust/disrust/batcher/onnx => ../../../../batcher/onnx
	github.com/disrust/disrust/bufpool => ../../../../bufpool
	github.com/disrust/disrust/ringbuf => ../../../../ringbuf
	github.com/disrust/disrust/wire => ../../../../wire
)
