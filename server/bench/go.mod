module github.com/disrust/disrust/server/bench

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/client v0.1.0
	github.com/disrust/disrust/client/drive v0.1.0
	github.com/disrust/disrust/client/tools v0.1.0
	github.com/disrust/disrust/server/daemontest v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	github.com/dmitryikh/leaves v0.0.0-20230708180554-25d19a787328
	github.com/panjf2000/gnet/v2 v2.9.8
	golang.org/x/sync v0.23.0
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
	pgregory.net/rapid v1.3.0
)

require (
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/disrust/disrust/ringbuf v0.1.0 // indirect
	github.com/panjf2000/ants/v2 v2.12.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)

replace (
	github.com/disrust/disrust/batcher => ../../batcher
	github.com/disrust/disrust/bufpool => ../../bufpool
	github.com/disrust/disrust/client => ../../client
	github.com/disrust/disrust/client/drive => ../../client/drive
	github.com/disrust/disrust/client/tools => ../../client/tools
	github.com/disrust/disrust/ringbuf => ../../ringbuf
	github.com/disrust/disrust/server/daemontest => ../daemontest
	github.com/disrust/disrust/wire => ../../wire
)
