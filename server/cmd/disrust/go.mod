module github.com/disrust/disrust/server/cmd/disrust

go 1.26.0

require (
	github.com/disrust/disrust/batcher v0.1.0
	github.com/disrust/disrust/batcher/dense v0.1.0
	github.com/disrust/disrust/batcher/forest v0.1.0
	github.com/disrust/disrust/batcher/forest/cbm v0.1.0
	github.com/disrust/disrust/batcher/onnx v0.1.0
	github.com/disrust/disrust/server v0.1.0
	github.com/disrust/disrust/server/admin v0.1.0
	github.com/disrust/disrust/server/daemontest v0.1.0
	github.com/disrust/disrust/server/oip v0.1.0
	github.com/fsnotify/fsnotify v1.10.1
	github.com/gdamore/tcell/v3 v3.6.0
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/VividCortex/ewma v1.2.0 // indirect
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cheggaaa/pb/v3 v3.3.0 // indirect
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/fatih/color v1.19.0 // indirect
	github.com/gdamore/encoding v1.0.1 // indirect
	github.com/google/flatbuffers v25.12.19+incompatible // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	github.com/mattn/go-colorable v0.1.16 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mattn/go-runewidth v0.0.31 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_golang v1.25.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/term v0.46.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/grpc v1.85.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

require (
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/disrust/disrust/bufpool v0.1.0 // indirect
	github.com/disrust/disrust/client v0.1.0
	github.com/disrust/disrust/client/tools v0.1.0
	github.com/disrust/disrust/eventfd v0.1.0 // indirect
	github.com/disrust/disrust/ringbuf v0.1.0 // indirect
	github.com/disrust/disrust/slab v0.1.0 // indirect
	github.com/disrust/disrust/uring v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
)

replace (
	github.com/disrust/disrust/batcher => ../../../batcher
	github.com/disrust/disrust/batcher/dense => ../../../batcher/dense
	github.com/disrust/disrust/batcher/forest => ../../../batcher/forest
	github.com/disrust/disrust/batcher/forest/cbm => ../../../batcher/forest/cbm
	github.com/disrust/disrust/batcher/onnx => ../../../batcher/onnx
	github.com/disrust/disrust/bufpool => ../../../bufpool
	github.com/disrust/disrust/client => ../../../client
	github.com/disrust/disrust/client/tools => ../../../client/tools
	github.com/disrust/disrust/eventfd => ../../../eventfd
	github.com/disrust/disrust/ringbuf => ../../../ringbuf
	github.com/disrust/disrust/server => ../..
	github.com/disrust/disrust/server/admin => ../../admin
	github.com/disrust/disrust/server/daemontest => ../../daemontest
	github.com/disrust/disrust/server/oip => ../../oip
	github.com/disrust/disrust/slab => ../../../slab
	github.com/disrust/disrust/uring => ../../../uring
	github.com/disrust/disrust/wire => ../../../wire
)
