package oip

import (
	"context"

	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// healthService is grpc.health.v1 without Watch.
func healthService() grpc.ServiceDesc {
	d := grpc_health_v1.Health_ServiceDesc
	d.Streams = nil
	return d
}

// health is the service, as Kubernetes and load balancers ask it.
type health struct {
	*Server
	grpc_health_v1.UnimplementedHealthServer
}

// Check implements the service: of the whole server, or of the inference service.
func (h *health) Check(_ context.Context, q *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if q.Service != "" && q.Service != inferencepb.GRPCInferenceService_ServiceDesc.ServiceName {
		return nil, failf(notFound, "there is no service %.64q", q.Service)
	}
	status := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if h.isReady() {
		status = grpc_health_v1.HealthCheckResponse_SERVING
	}
	return &grpc_health_v1.HealthCheckResponse{Status: status}, nil
}
