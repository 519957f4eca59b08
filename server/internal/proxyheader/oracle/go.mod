module github.com/disrust/disrust/server/internal/proxyheader/oracle

go 1.26.0

require (
	github.com/disrust/disrust/server v0.1.0
	github.com/pires/go-proxyproto v0.15.0
	pgregory.net/rapid v1.3.0
)

replace (
	github.com/disrust/disrust/batcher => ../../../../batcher
	github.com/disrust/disrust/bufpool => ../../../../bufpool
	github.com/disrust/disrust/eventfd => ../../../../eventfd
	github.com/disrust/disrust/ringbuf => ../../../../ringbuf
	github.com/disrust/disrust/server => ../../..
	github.com/disrust/disrust/slab => ../../../../slab
	github.com/disrust/disrust/uring => ../../../../uring
	github.com/disrust/disrust/wire => ../../../../wire
)
