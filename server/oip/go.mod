module github.com/disrust/disrust/server/oip

go 1.26.0

require (
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/client v0.1.0
	github.com/disrust/disrust/server v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	golang.org/x/sync v0.23.0
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
	pgregory.net/rapid v1.3.0
)

require (
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/disrust/disrust/bufpool v0.1.0 // indirect
	github.com/disrust/disrust/eventfd v0.1.0 // indirect
	github.com/disrust/disrust/ringbuf v0.1.0 // indirect
	github.com/disrust/disrust/slab v0.1.0 // indirect
	github.com/disrust/disrust/uring v0.1.0 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
)

replace (
	github.com/disrust/disrust/batcher => ../../batcher
	github.com/disrust/disrust/bufpool => ../../bufpool
	github.com/disrust/disrust/client => ../../client
	github.com/disrust/disrust/eventfd => ../../eventfd
	github.com/disrust/disrust/ringbuf => ../../ringbuf
	github.com/disrust/disrust/server => ..
	github.com/disrust/disrust/slab => ../../slab
	github.com/disrust/disrust/uring => ../../uring
	github.com/disrust/disrust/wire => ../../wire
)
