package oip

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"slices"
	"time"

	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress with it
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/keepalive"
)

// grpcPort serves gRPC.
type grpcPort struct {
	*Server
	inferencepb.UnimplementedGRPCInferenceServiceServer
	server *grpc.Server
	room   *semaphore.Weighted // bytes of messages that ask for scores
	calls  *semaphore.Weighted // others whose messages are read
}

const (
	maxStreams  = 4        // calls at once on a connection, whose answers may wait for the client; it holds more calls back
	windowBytes = 64 << 10 // what a call may send before it is read

	pingTimeout  = 20 * time.Second
	fastestPings = 5 * time.Second // of clients
)

func newGRPCPort(s *Server) *grpcPort {
	p := &grpcPort{Server: s, room: semaphore.NewWeighted(roomBytes), calls: semaphore.NewWeighted(maxCalls)}
	p.server = grpc.NewServer(
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2(proto.Name)}),
		grpc.MaxRecvMsgSize(MaxRequestBytes), grpc.MaxHeaderListSize(headerBytes),
		grpc.MaxConcurrentStreams(maxStreams), grpc.InitialWindowSize(windowBytes), grpc.InitialConnWindowSize(maxStreams*windowBytes),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTimeout, Time: idleTimeout, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: fastestPings, PermitWithoutStream: true}),
	)
	p.server.RegisterService(p.bounded(inference()), p)
	p.server.RegisterService(p.bounded(healthService()), &health{Server: s})
	return p
}

// inference is the protocol's service, with ModelInfer as a stream of one message. On the wire that is the same. Here it
// means that the message is read when the port says so, and not before.
func inference() grpc.ServiceDesc {
	d := inferencepb.GRPCInferenceService_ServiceDesc
	d.Methods = slices.DeleteFunc(slices.Clone(d.Methods), func(m grpc.MethodDesc) bool { return m.MethodName == inferMethod })
	d.Streams = []grpc.StreamDesc{{
		StreamName: inferMethod, ClientStreams: true, ServerStreams: true,
		Handler: func(p any, stream grpc.ServerStream) error { return p.(*grpcPort).infer(stream) },
	}}
	return d
}

const inferMethod = "ModelInfer"

func (p *grpcPort) serve(l net.Listener) error { return p.server.Serve(l) }

func (p *grpcPort) shutdown(ctx context.Context) {
	gone := make(chan struct{})
	go func() { // it waits for the model, which may not return
		defer close(gone)
		p.server.GracefulStop()
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		p.server.Stop()
	}
}

// infer scores the rows of a request.
func (p *grpcPort) infer(stream grpc.ServerStream) (err error) {
	defer func() { p.grpc.note(err) }()
	own, room, err := p.receive(stream)
	if err != nil {
		return err
	}
	defer p.room.Release(room)
	defer own.release()
	q, err := own.parseMessage()
	if err != nil {
		return err
	}
	m := p.source.Served()
	if err := find(&m, string(q.model), string(q.version)); err != nil {
		return err
	}
	rows, err := own.tensor(&m, &q)
	if err != nil {
		return err
	}
	own.outputs(&m, rows)
	if err := p.scoring.score(stream.Context(), &m, own.rows, own.scores); err != nil {
		return failureOf(err)
	}
	return stream.SendMsg(&inferencepb.ModelInferResponse{
		ModelName: m.Name, ModelVersion: versionOf(&m), Id: string(q.id),
		Outputs: []*inferencepb.ModelInferResponse_InferOutputTensor{{
			Name: outputName, Datatype: fp32, Shape: []int64{int64(rows), int64(m.Format.Outputs)},
		}},
		RawOutputContents: [][]byte{appendFloats(make([]byte, 0, floatBytes*len(own.scores)), own.scores)},
	})
}

func appendFloats(b []byte, floats []float32) []byte {
	for _, f := range floats {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// receive waits for room and reads the message of a call. The caller releases the workspace and the bytes of
// room.
func (p *grpcPort) receive(stream grpc.ServerStream) (_ *workspace, room int64, err error) {
	ctx, cancel := context.WithTimeout(stream.Context(), p.waits.room)
	defer cancel()
	if p.room.Acquire(ctx, MaxRequestBytes) != nil { // nobody knows yet how large the message is
		return nil, 0, tooMany()
	}
	own := takeWorkspace()
	if err := p.read(func() error { return stream.RecvMsg(own) }, func() { p.room.Release(MaxRequestBytes) }); err != nil {
		return nil, 0, err // own may still be written to
	}
	room = int64(len(own.body))
	p.room.Release(MaxRequestBytes - room)
	return own, room, nil
}

// ServerLive implements the protocol.
func (p *grpcPort) ServerLive(context.Context, *inferencepb.ServerLiveRequest) (*inferencepb.ServerLiveResponse, error) {
	return &inferencepb.ServerLiveResponse{Live: true}, nil
}

// ServerReady implements the protocol.
func (p *grpcPort) ServerReady(context.Context, *inferencepb.ServerReadyRequest) (*inferencepb.ServerReadyResponse, error) {
	return &inferencepb.ServerReadyResponse{Ready: p.isReady()}, nil
}

// ModelReady implements the protocol.
func (p *grpcPort) ModelReady(_ context.Context, q *inferencepb.ModelReadyRequest) (*inferencepb.ModelReadyResponse, error) {
	m := p.source.Served()
	if err := find(&m, q.Name, q.Version); err != nil {
		return nil, err
	}
	return &inferencepb.ModelReadyResponse{Ready: p.isReady()}, nil
}

// ServerMetadata implements the protocol. The extension is one of HTTP alone.
func (p *grpcPort) ServerMetadata(context.Context, *inferencepb.ServerMetadataRequest) (*inferencepb.ServerMetadataResponse, error) {
	return &inferencepb.ServerMetadataResponse{Name: serverName, Version: p.version}, nil
}

// ModelMetadata implements the protocol.
func (p *grpcPort) ModelMetadata(_ context.Context, q *inferencepb.ModelMetadataRequest) (*inferencepb.ModelMetadataResponse, error) {
	m := p.source.Served()
	if err := find(&m, q.Name, q.Version); err != nil {
		return nil, err
	}
	about := aboutModel(&m)
	return &inferencepb.ModelMetadataResponse{
		Name: about.Name, Versions: about.Versions, Platform: about.Platform,
		Inputs: tensorsAbout(about.Inputs), Outputs: tensorsAbout(about.Outputs),
	}, nil
}

func tensorsAbout(all []tensorAbout) (list []*inferencepb.ModelMetadataResponse_TensorMetadata) {
	for _, t := range all {
		list = append(list, &inferencepb.ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: t.Datatype, Shape: t.Shape})
	}
	return list
}
